// @ts-check
// The hub of a local bus, in a process of its own. It ends with its stdin.
import process from "node:process";
import { transport } from "spillway";
import { localBusHub } from "spillway/buses/local";

await localBusHub({ path: process.argv[2] ?? "", transport });
console.log("ready");
process.stdin.on("end", () => process.exit()).resume();

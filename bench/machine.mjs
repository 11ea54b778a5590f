// @ts-check
import os from "node:os";
import { run } from "../scripts/commands.mjs";

/** @typedef {{ cpu: string, cpus: number, memoryGB: number, system: string }} Machine */

/** @returns {Machine} */
export function thisMachine() {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? "unknown CPU",
    cpus: os.availableParallelism(),
    memoryGB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  };
}

/** @param {Machine} machine */
export function machineText({ cpu, cpus, memoryGB, system }) {
  return `${cpu}, ${cpus} CPUs, ${memoryGB} GB, ${system}`;
}

/** The version of Go, where it is installed. */
export async function goVersion() {
  const { output } = await run({ command: "go", args: ["version"] }, { timeoutMs: 10_000 });
  return /\bgo(\d+\.\d+\S*)/.exec(output)?.[1];
}

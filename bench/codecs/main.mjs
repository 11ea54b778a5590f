// @ts-check
// A process of the runtime under test that decodes and encodes in memory.
import { control } from "../control.mjs";
import { costPerByte, peakMemory } from "./growth.mjs";
import { decode, encode } from "./per_frame.mjs";

await control({}, { decode, encode, costPerByte, peakMemory });

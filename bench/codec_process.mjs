// @ts-check
// A process that decodes and encodes in memory, seen from the runner.
import { ControlledProcess } from "./process.mjs";
import { underTest } from "./under_test.mjs";

/** @typedef {{ do: "decode" | "encode", subject: string, naive: boolean, ms: number, chunkBytes?: number }} PerFrame */
/** @typedef {{ framing: string, frameBytes: number, frames: number, times: number, chunkBytes: number }} Input */

/** A 64 MB frame in chunks of one byte takes seconds. */
const SLOWEST_MS = 120_000;

export class CodecProcess {
  /** @param {import("../scripts/runtimes.mjs").Runtime} runtime @param {string} [profileDir] */
  static async start(runtime, profileDir) {
    const command = underTest(runtime, "codecs/main.mjs", profileDir);
    const { controlled } = await ControlledProcess.start(`codecs on ${runtime.name}`, command);
    return new CodecProcess(controlled);
  }

  /** @param {ControlledProcess} controlled */
  constructor(controlled) {
    this.controlled = controlled;
  }

  /** @param {PerFrame} asked */
  async perFrame(asked) {
    const cost = await this.controlled.ask(asked);
    return /** @type {{ cpuMicros: number, seconds: number, frames: number }} */ (cost);
  }

  /** @param {Input} input */
  async nanosPerByte(input) {
    const cost = await this.controlled.ask({ do: "costPerByte", ...input }, SLOWEST_MS);
    return /** @type {{ nanosPerByte: number }} */ (cost).nanosPerByte;
  }

  /** @param {Pick<Input, "framing" | "frameBytes" | "chunkBytes">} input */
  async peakBytes(input) {
    const peak = await this.controlled.ask({ do: "peakMemory", ...input });
    return /** @type {{ peakBytes: number }} */ (peak).peakBytes;
  }

  end() {
    return this.controlled.end();
  }
}

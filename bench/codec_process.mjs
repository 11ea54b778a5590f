// @ts-check
// A process that decodes and encodes in memory, seen from the runner.
import { ControlledProcess } from "./controlled_process.mjs";
import { scriptUnderTest } from "./script_under_test.mjs";

/** @typedef {{ do: "decode" | "encode", codec: string, naive: boolean, ms: number, chunkBytes?: number }} PerFrame */

export class CodecProcess {
  /** @param {import("../scripts/runtimes.mjs").Runtime} runtime @param {string} [profileDir] */
  static async start(runtime, profileDir) {
    const command = scriptUnderTest(runtime, "codecs/main.mjs", { profileDir });
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

  end() {
    return this.controlled.end();
  }
}

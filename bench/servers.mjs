// @ts-check
// The servers that are compared.
import { ControlledProcess } from "./process.mjs";
import { underTest } from "./under_test.mjs";

/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */
/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {keyof typeof CANDIDATES} Candidate */

/** @satisfies {Record<string, (runtime: RuntimeName) => string>} */
const CANDIDATES = {
  spillway: () => "spillway/sync.mjs",
  "spillway-async": () => "spillway/async.mjs",
  "spillway-drain": () => "spillway/drain.mjs",
  "spillway-broadcast": () => "spillway/broadcast.mjs",
  "spillway-queue": () => "spillway/queue.mjs",
  "one-at-once": () => "spillway/one_at_once.mjs",
  "16-at-once": () => "spillway/sixteen_at_once.mjs",
  raw: (/** @type {RuntimeName} */ runtime) => `raw/${runtime}.mjs`,
  "per-line": (/** @type {RuntimeName} */ runtime) => `per_line/${runtime}.mjs`,
  "write-loop": (/** @type {RuntimeName} */ runtime) => `write_loop/${runtime}.mjs`,
};

/** Starts a candidate. @param {Runtime} runtime @param {Candidate} candidate @param {string} [profileDir] */
export function serverCommand(runtime, candidate, profileDir) {
  return underTest(runtime, `servers/${CANDIDATES[candidate](runtime.name)}`, profileDir);
}

/** A candidate that listens, in a process of its own. */
export class Server {
  /**
   * @param {Runtime} runtime
   * @param {Candidate} candidate
   * @param {string} [profileDir] where it writes a CPU profile when it ends
   */
  static async start(runtime, candidate, profileDir) {
    const command = serverCommand(runtime, candidate, profileDir);
    const name = `${candidate} on ${runtime.name}`;
    const { controlled, hello } = await ControlledProcess.start(name, command);
    return new Server(controlled, /** @type {{ port: number }} */ (hello).port);
  }

  /** @param {ControlledProcess} controlled @param {number} port */
  constructor(controlled, port) {
    this.controlled = controlled;
    this.port = port;
  }

  /** CPU time of all its threads since it began. */
  async cpuMicros() {
    const usage = /** @type {{ cpuMicros: number }} */ (await this.controlled.ask({ do: "usage" }));
    return usage.cpuMicros;
  }

  /** Its memory without garbage, as far as the runtime lets itself be asked. */
  async rssBytes() {
    const collected = /** @type {{ rssBytes: number }} */ (await this.controlled.ask({ do: "collect" }));
    return collected.rssBytes;
  }

  end() {
    return this.controlled.end();
  }
}

// @ts-check
// The servers that are compared.
import { goServer } from "./go_server.mjs";
import { ControlledProcess } from "./process.mjs";
import { underTest } from "./under_test.mjs";

/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */
/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("../scripts/commands.mjs").Command} Command */
/** @typedef {keyof typeof SCRIPTS | keyof typeof GO_FLUSHES} Candidate */

/** @satisfies {Record<string, (runtime: RuntimeName) => string>} */
const SCRIPTS = {
  spillway: () => "spillway/sync.mjs",
  "spillway-async": () => "spillway/async.mjs",
  "spillway-drain": () => "spillway/drain.mjs",
  "spillway-broadcast": () => "spillway/broadcast.mjs",
  "spillway-queue": () => "spillway/queue.mjs",
  "spillway-fairness": () => "spillway/fairness.mjs",
  "one-at-once": () => "spillway/one_at_once.mjs",
  "16-at-once": () => "spillway/sixteen_at_once.mjs",
  raw: (/** @type {RuntimeName} */ runtime) => `raw/${runtime}.mjs`,
  "per-line": (/** @type {RuntimeName} */ runtime) => `per_line/${runtime}.mjs`,
  readline: () => "readline/node_net.mjs",
  whatwg: (/** @type {RuntimeName} */ runtime) => `whatwg/${runtime === "deno" ? "deno" : "node_net"}.mjs`,
  "write-loop": (/** @type {RuntimeName} */ runtime) => `write_loop/${runtime}.mjs`,
};

/** The same next to each runtime, so that a ratio is one of the same run. */
const GO_FLUSHES = { "go-flush-each": "each", "go-flush-empty": "empty" };

/** A candidate that listens, in a process of its own. */
export class Server {
  /**
   * @param {Runtime} runtime
   * @param {Candidate} candidate
   * @param {string} [profileDir] where it writes a CPU profile when it ends
   */
  static async start(runtime, candidate, profileDir) {
    const command = await commandOf(runtime, candidate, profileDir);
    if (command === undefined) throw new Error(`${candidate} cannot be started here`);
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

  /**
   * What it costs the server to answer what `run` asks of it, one by one.
   *
   * @param {() => Promise<{ count: number, seconds: number, busy: number }>} run how many there were, how long that took, and how
   * busy the generator was
   */
  async costOf(run) {
    const before = await this.cpuMicros();
    const { count, seconds, busy } = await run();
    const cpuMicros = (await this.cpuMicros()) - before;
    return {
      value: cpuMicros / count,
      perSecond: count / seconds,
      busy: cpuMicros / 1e6 / seconds,
      generatorBusy: busy,
    };
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

/**
 * Those that can be started on this machine.
 *
 * @param {readonly Candidate[]} candidates
 */
export async function available(candidates) {
  const goes = !candidates.some(isGo) || (await goServer()) !== undefined;
  return candidates.filter((candidate) => goes || !isGo(candidate));
}

/**
 * What starts a candidate.
 *
 * @param {Runtime} runtime
 * @param {Candidate} candidate
 * @param {string} [profileDir]
 * @returns {Promise<Command | undefined>} nothing where Go would be needed and is not there
 */
export async function commandOf(runtime, candidate, profileDir) {
  if (!isGo(candidate)) return underTest(runtime, `servers/${SCRIPTS[candidate](runtime.name)}`, profileDir);
  const program = await goServer();
  return program === undefined ? undefined : { command: program, args: [GO_FLUSHES[candidate]] };
}

/** @param {Candidate} candidate @returns {candidate is keyof typeof GO_FLUSHES} */
function isGo(candidate) {
  return candidate in GO_FLUSHES;
}

// @ts-check
import { ControlledProcess } from "./controlled_process.mjs";
import { commandOf } from "./subjects.mjs";

/** A subject that listens, in a process of its own. */
export class Server {
  /**
   * @param {import("./workloads/workload.mjs").Bench} bench
   * @param {import("./subjects.mjs").Subject} subject
   */
  static async start(bench, subject) {
    const command = await commandOf(bench, subject);
    if (command === undefined) throw new Error(`${subject} cannot be started here`);
    const { controlled, hello } = await ControlledProcess.start(`${subject} on ${bench.runtime.name}`, command);
    return new Server(controlled, portIn(hello));
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
   * Measures the cost to the server of the requests that `run` makes, for each of them.
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

  /** The connections of each of its processes. */
  async connections() {
    const spread = /** @type {{ connections: number[] }} */ (await this.controlled.ask({ do: "spread" }));
    return spread.connections;
  }

  /** Returns the memory that the server holds after a collection. */
  async collectedMemory() {
    return /** @type {{ rssBytes: number, heapBytes: number }} */ (await this.controlled.ask({ do: "collect" }));
  }

  end() {
    return this.controlled.end();
  }
}

/** A server says `{"port":1234}`, the CLI `… listening on 127.0.0.1:1234 …`. @param {string} hello */
function portIn(hello) {
  const port = /:(\d+)\b/.exec(hello)?.[1];
  if (port === undefined) throw new Error(`no port in ${JSON.stringify(hello)}`);
  return Number(port);
}

// @ts-check
import { pattern } from "./pattern.mjs";
import { Stopwatch } from "./stopwatch.mjs";

/** @typedef {import("bun").Socket<Line>} Socket */
/** @typedef {{ port: number, connections: number, depth?: number, lineBytes: number }} OpenLoopOptions */

/** Connections that are being opened at the same time: below the smallest backlog. */
const OPENING = 100;
/** How long the last replies may take. */
const LAST_MS = 10_000;

/**
 * Connections that send batches of lines at planned instants, whether or not earlier ones have been answered. A reply's time
 * counts from the planned instant of its batch: a server that pauses, or a generator that is late, does not hide what waited meanwhile.
 */
export class OpenLoop {
  /** @type {Line[]} */
  #lines = [];
  /** Milliseconds, in the order of the replies. @type {number[]} */
  #times = [];
  #waiting = 0;
  /** @type {string | undefined} */
  #fault;

  /** @param {OpenLoopOptions} options */
  static async open({ port, connections, depth = 1, lineBytes }) {
    const loop = new OpenLoop();
    const shape = { connections, depth, lineBytes };
    for (let opened = 0; opened < connections; opened += OPENING) {
      const count = Math.min(OPENING, connections - opened);
      const sent = Array.from({ length: count }, (_, index) => pattern(opened + index, shape));
      await Promise.all(sent.map((batches) => loop.#connect(port, batches)));
    }
    return loop;
  }

  /**
   * Sends `perSecond` batches a second for `ms`, on all connections in turn, and waits for the last reply.
   *
   * @param {{ ms: number, perSecond: number }} plan
   */
  async run({ ms, perSecond }) {
    this.#times = [];
    const stopwatch = new Stopwatch();
    await this.#send(Math.round((ms * perSecond) / 1_000), 1_000 / perSecond);
    const took = stopwatch.end();
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const sorted = Float64Array.from(this.#times).toSorted();
    const at = (/** @type {number} */ share) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
    return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), ...took };
  }

  close() {
    for (const line of this.#lines) line.socket?.end();
  }

  /** @param {number} port @param {Uint8Array[]} batches */
  async #connect(port, batches) {
    const line = new Line(batches, {
      onReply: (time) => {
        this.#times.push(time);
        this.#waiting -= 1;
      },
      onFault: (fault) => {
        this.#fault ??= fault;
      },
    });
    await Bun.connect({ hostname: "127.0.0.1", port, data: line, socket: HANDLERS });
    this.#lines.push(line);
  }

  /** @param {number} count @param {number} gapMs @returns {Promise<void>} */
  #send(count, gapMs) {
    const begin = performance.now();
    let sent = 0;
    return new Promise((resolve) => {
      const turn = () => {
        for (const now = performance.now(); sent < count && begin + sent * gapMs <= now; sent += 1) {
          this.#waiting += 1;
          this.#lines[sent % this.#lines.length]?.send(begin + sent * gapMs);
        }
        const isOverdue = performance.now() > begin + count * gapMs + LAST_MS;
        if (isOverdue) this.#fault ??= `${this.#waiting} batches were not answered`;
        if (this.#fault !== undefined || (sent === count && this.#waiting === 0)) resolve();
        else setImmediate(turn);
      };
      turn();
    });
  }
}

/** One connection: compares every byte that comes with what was sent. */
class Line {
  /** @type {Socket | undefined} */
  socket;
  /** Planned instants of the batches that have not come back. @type {number[]} */
  #planned = [];
  #batches;
  #events;
  #sent = 0;
  #replied = 0;
  /** Bytes of a reply that is not complete. */
  #received = 0;

  /**
   * @param {Uint8Array[]} batches sent in turn
   * @param {{ onReply(time: number): void, onFault(fault: string): void }} events
   */
  constructor(batches, events) {
    this.#batches = batches;
    this.#events = events;
  }

  /** @param {number} planned */
  send(planned) {
    this.#planned.push(planned);
    const line = this.#line(this.#sent);
    this.#sent += 1;
    if (this.socket?.write(line) !== line.length) this.fail("the kernel did not take a batch");
  }

  /** @param {Buffer} chunk */
  onData(chunk) {
    Stopwatch.chunks += 1;
    const now = performance.now();
    for (let at = 0; at < chunk.length; ) {
      const line = this.#line(this.#replied);
      const count = Math.min(line.length - this.#received, chunk.length - at);
      if (chunk.compare(line, this.#received, this.#received + count, at, at + count) !== 0)
        return this.fail(`a wrong reply: ${JSON.stringify(chunk.toString().slice(0, 100))}`);
      at += count;
      this.#received += count;
      if (this.#received < line.length) return;
      this.#received = 0;
      this.#replied += 1;
      this.#events.onReply(now - (this.#planned.shift() ?? Number.NaN));
    }
  }

  /** @param {string} fault */
  fail(fault) {
    this.#events.onFault(fault);
  }

  /** @param {number} index */
  #line(index) {
    return /** @type {Uint8Array} */ (this.#batches[index % this.#batches.length]);
  }
}

/** @type {import("bun").SocketHandler<Line>} */
const HANDLERS = {
  binaryType: "buffer",
  open: (socket) => {
    socket.data.socket = socket;
  },
  data: (socket, chunk) => socket.data.onData(chunk),
  close: (socket) => socket.data.fail("the server closed a connection"),
  error: (socket, error) => socket.data.fail(String(error)),
  // The promise of `connect` rejects too.
  connectError: () => {},
};

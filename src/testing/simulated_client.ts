import type { Bytes, Connection } from "../core/mod.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The most bytes of sent and received data that the trace shows. */
const SHOWN = 60;

/**
 * The peer of one connection, played by a client's script.
 *
 * When the connection breaks, waiting calls reject with a SpillwayError: a script need not handle it, and simply ends.
 */
export class SimulatedClient {
  /** The number of the client, from 1. */
  readonly number: number;
  /** The client's own source of random numbers: drawing from it does not affect others. */
  readonly random: Random;
  /** Its connection. */
  readonly connection: Connection;
  readonly #world: Simulation;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new TextDecoder();
  /** The text received and not yet returned as a line. */
  #text = "";

  /** Clients are made by `simulate`. */
  constructor(number: number, connection: Connection, random: Random, world: Simulation) {
    this.number = number;
    this.connection = connection;
    this.random = random;
    this.#world = world;
    this.#reader = connection.readable.getReader();
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
  }

  /** Sends bytes, or a string as UTF-8; fulfils when the network has taken them. */
  send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    this.#world.trace.add(-this.number, `client ${this.number} sends ${shown(bytes)}`);
    return this.#writer.write(bytes);
  }

  /** Returns the next bytes, split as the network has split them; `undefined` when the server has sent FIN. */
  async receive(): Promise<Bytes | undefined> {
    const { value } = await this.#reader.read();
    // Sorted ahead of sends in the same tick: a script may do both at once, and runtimes need different numbers of microtasks.
    const what = value === undefined ? "FIN" : shown(value);
    this.#world.trace.add(-this.number - 0.5, `client ${this.number} receives ${what}`);
    return value;
  }

  /**
   * Returns the next line as UTF-8, without its LF; `undefined` when the server has sent FIN first. Do not mix it with
   * `receive`: bytes behind the line are kept for the next line.
   */
  async receiveLine(): Promise<string | undefined> {
    let end = this.#text.indexOf("\n");
    while (end < 0) {
      const bytes = await this.receive();
      if (bytes === undefined) return undefined;
      const seen = this.#text.length;
      this.#text += this.#decoder.decode(bytes, { stream: true });
      end = this.#text.indexOf("\n", seen);
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Sends FIN: the client sends nothing more. */
  finish(): Promise<void> {
    return this.#writer.close();
  }

  /** Resets the connection. */
  reset(): void {
    this.connection.abort();
  }

  /** Fulfils after `ms` virtual milliseconds. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.setTimeout(resolve, ms));
  }
}

function shown(bytes: Uint8Array): string {
  return JSON.stringify(decoder.decode(bytes.subarray(0, SHOWN))) + (bytes.length > SHOWN ? "…" : "");
}

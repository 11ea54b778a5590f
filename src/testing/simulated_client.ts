import type { Bytes, Connection } from "../core/mod.ts";
import type { ManualClock } from "./manual_clock.ts";
import type { Random } from "./random.ts";

const encoder = new TextEncoder();

/**
 * The other side of one connection, as a client's script plays it.
 *
 * Whatever breaks the connection makes what waits reject with a SpillwayError: a script need not care, and just ends.
 */
export class SimulatedClient {
  /** From 1. */
  readonly number: number;
  /** Of its own: what it draws changes nothing for others. */
  readonly random: Random;
  readonly connection: Connection;
  readonly #clock: ManualClock;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /** Use `simulate`. */
  constructor(number: number, connection: Connection, random: Random, clock: ManualClock) {
    this.number = number;
    this.connection = connection;
    this.random = random;
    this.#clock = clock;
    this.#reader = connection.readable.getReader();
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
  }

  /** Sends bytes, or a string as UTF-8; fulfils when the network has taken them. */
  send(data: string | Uint8Array): Promise<void> {
    return this.#writer.write(typeof data === "string" ? encoder.encode(data) : data);
  }

  /** The next bytes, however the network has cut them; `undefined` when the server has sent FIN. */
  async receive(): Promise<Bytes | undefined> {
    const { value } = await this.#reader.read();
    return value;
  }

  /** Sends FIN: nothing more will be sent. */
  finish(): Promise<void> {
    return this.#writer.close();
  }

  /** Resets the connection. */
  reset(): void {
    this.connection.abort();
  }

  /** Fulfils after so many virtual milliseconds. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimeout(resolve, ms));
  }
}

import type { ByteReader, Bytes, ByteWriter, Connection, SpillwayError } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { bounded } from "../support/bounded.ts";

const NOWHERE = { hostname: "127.0.0.1", port: 0 };

/** A connection that takes a write when the test says so, and gives no input. */
export class ScriptedConnection implements Connection {
  /** The written chunks, write by write. */
  readonly writes: Uint8Array[] = [];
  readonly readable: ReadableStream<Bytes> = new ReadableStream();
  readonly writable: WritableStream<Uint8Array>;
  readonly remoteAddress: { hostname: string; port: number } = NOWHERE;
  readonly localAddress: { hostname: string; port: number } = NOWHERE;
  readonly closed: Promise<SpillwayError | undefined> = new Promise(() => {});
  #settle: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor() {
    const write = (bytes: Uint8Array) => {
      this.writes.push(bytes);
      return new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
    };
    this.writable = new WritableStream({ write }, { highWaterMark: 1 });
  }

  own(): { reader: ByteReader; writer: ByteWriter } {
    const writer = this.writable.getWriter();
    const write = (bytes: Uint8Array) => writer.write(bytes);
    return { reader: this.readable.getReader(), writer: { prompt: true, write, close: () => writer.close() } };
  }

  /** All that was written, as UTF-8. */
  get written(): string {
    const decoder = new TextDecoder();
    return this.writes.map((bytes) => decoder.decode(bytes, { stream: true })).join("");
  }

  /** Takes the write in progress. */
  async take(): Promise<void> {
    await tickEnd();
    this.#settle?.resolve();
    this.#settle = undefined;
    await tickEnd();
  }

  /** Takes all that is written, until nothing more is. */
  async takeAll(): Promise<void> {
    await tickEnd();
    for (const step = bounded(10_000); this.#settle !== undefined && step(); ) await this.take();
  }

  /** The write in progress fails. */
  async break(error: unknown): Promise<void> {
    await tickEnd();
    this.#settle?.reject(error);
    this.#settle = undefined;
    await tickEnd();
  }

  async close(): Promise<void> {}

  abort(): void {}
}

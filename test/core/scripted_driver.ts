import { type Address, type Driver, DriverConnection, SpillwayError } from "../../src/core/mod.ts";

/** A driver that does what the test says, when it says so, and notes what the connection asks of it. */
export class ScriptedDriver implements Driver {
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  /** The calls, in order: `write 5`, `finish`, `release`, `reset`. */
  readonly calls: string[] = [];
  pulls = 0;
  /** Whether writes are taken at once. */
  takes = false;
  /** The act of `pull`, within the call. */
  onPull: () => void = () => {};
  readonly connection: DriverConnection;
  /** A write waits for the test to decide on it. */
  #pending = false;

  constructor(
    remoteAddress: Address = { hostname: "127.0.0.1", port: 1 },
    localAddress: Address = { hostname: "127.0.0.1", port: 2 },
  ) {
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    this.connection = new DriverConnection(this);
  }

  /** Whether a write waits for the test. */
  get writing(): boolean {
    return this.#pending;
  }

  pull(): void {
    this.pulls += 1;
    this.onPull();
  }

  write(bytes: Uint8Array): boolean {
    if (this.writing) throw new TypeError("a second write before the first was done");
    this.calls.push(`write ${bytes.length}`);
    this.#pending = !this.takes;
    return this.takes;
  }

  finish(): true {
    if (this.writing) throw new TypeError("FIN before the last write was done");
    this.calls.push("finish");
    return true;
  }

  release(): void {
    this.calls.push("release");
    this.connection.released();
  }

  reset(): void {
    this.calls.push("reset");
    this.failWrite(new SpillwayError("connection-reset", "reset during a write"));
    this.connection.released();
  }

  push(...bytes: number[]): boolean {
    return this.connection.push(new Uint8Array(bytes));
  }

  takeWrite(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.connection.sent();
  }

  failWrite(error: SpillwayError): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.connection.refuse(error);
  }
}

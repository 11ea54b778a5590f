import { type Address, addressText, type Connection, type Listener, SpillwayError } from "../core/mod.ts";
import type { MemoryEnd, Pair } from "./memory_end.ts";

/** An accept call that waits for the next connection. */
interface Taker {
  readonly resolve: (result: IteratorResult<Connection, undefined>) => void;
  readonly reject: (error: SpillwayError) => void;
}

/** A connection attempt that found the backlog full. */
interface Caller {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: SpillwayError) => void;
}

/** Makes a connected pair, when the backlog has room. */
export type Connect = () => Pair;

/**
 * A listener in memory.
 *
 * **Pushes back**: at most `backlog` connections wait to be accepted; further attempts to connect wait, as in a kernel.
 */
export class MemoryListener implements Listener {
  readonly address: Address;
  readonly #backlog: number;
  readonly #onClosed: () => void;
  readonly #receive: (run: () => void) => void;
  /** Called when a connection waits, or an error, that nobody has asked for. */
  onWaiting: () => void = () => {};
  #waiting: MemoryEnd[] = [];
  #errors: SpillwayError[] = [];
  #takers: Taker[] = [];
  readonly #callers = new Map<Caller, Connect>();
  #finished = false;
  #closed = false;

  /** `receive` delivers the network's input to the accepting process. */
  constructor(
    address: Address,
    backlog: number,
    onClosed: () => void,
    receive: (run: () => void) => void = (run) => run(),
  ) {
    this.address = address;
    this.#backlog = backlog;
    this.#onClosed = onClosed;
    this.#receive = receive;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return { next: () => this.#next() };
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.finish();
    this.#closed = true;
    for (const { connection } of this.#waiting.splice(0)) connection.abort();
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#onClosed();
    for (const taker of this.#takers.splice(0)) taker.resolve({ done: true, value: undefined });
    for (const caller of this.#callers.keys()) caller.reject(connectionRefused(this.address));
    this.#callers.clear();
  }

  /** Makes the next accept fail, ahead of the connections that wait. */
  fail(error: SpillwayError): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#errors.push(error);
      this.onWaiting();
    } else this.#receive(() => taker.reject(error));
  }

  /** Connects as soon as the backlog has room. An abort of `signal` ends the wait. */
  connect(connect: Connect, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#takers.length > 0 || this.#waiting.length < this.#backlog) return Promise.resolve(this.#admit(connect));
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#callers.delete(caller);
        reject(connectAborted(signal));
      };
      const settled = () => signal?.removeEventListener("abort", onAbort);
      const caller: Caller = {
        resolve: (connection) => {
          settled();
          resolve(connection);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      this.#callers.set(caller, connect);
      signal?.addEventListener("abort", onAbort);
    });
  }

  #admit(connect: Connect): Connection {
    const { near, far } = connect();
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#waiting.push(far);
      this.onWaiting();
    } else this.#receive(() => taker.resolve({ done: false, value: far.connection }));
    return near.connection;
  }

  async #next(): Promise<IteratorResult<Connection, undefined>> {
    if (this.#closed) return { done: true, value: undefined };
    const end = this.poll();
    if (end !== undefined) return { done: false, value: end.connection };
    if (this.#finished) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Takes the connection that has waited longest, if one waits. @throws the error of `fail` */
  poll(): MemoryEnd | undefined {
    const error = this.#errors.shift();
    if (error !== undefined) throw error;
    const end = this.#waiting.shift();
    if (end !== undefined) this.#admitCaller();
    return end;
  }

  #admitCaller(): void {
    for (const [caller, connect] of this.#callers) {
      this.#callers.delete(caller);
      caller.resolve(this.#admit(connect));
      return;
    }
  }
}

/** Returns the error for an address without a listener. */
export function connectionRefused(address: Address): SpillwayError {
  return new SpillwayError("connection-refused", `nothing listens on ${addressText(address)}`);
}

/** Returns the error for an aborted attempt to connect. */
export function connectAborted(signal: AbortSignal | undefined): SpillwayError {
  return new SpillwayError("connect-aborted", "the attempt to connect was given up", { cause: signal?.reason });
}

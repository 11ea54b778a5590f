import type { SpillwayError } from "./errors.ts";
import type { Address } from "./transport.ts";

/** Which connection this is. */
export interface ConnectionInfo {
  /** Counts up from 1 within one server. */
  readonly id: number;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
}

/** What a handler is told besides its frame. */
export interface Context {
  readonly connection: ConnectionInfo;
  /**
   * Aborts while the handler works when its result is no longer wanted: its deadline passed, the connection broke, or
   * a drain was forced. The reason is a {@link SpillwayError} whose `code` says which. Made when first asked for. A listener
   * that throws is the runtime's business, and mostly the end of the process: as with every AbortSignal.
   */
  readonly signal: AbortSignal;
}

/**
 * Computes: one frame in, a reply out, or nothing (`undefined`). May be asynchronous. What it throws ends the
 * connection as `handler-failed`.
 */
export type Handler<In, Out> = (
  frame: In,
  context: Context,
) => Out | undefined | void | PromiseLike<Out | undefined | void>;

/** One frame on its way through the handler, and what became of it. */
export class Exchange<Out> implements Context {
  readonly connection: ConnectionInfo;
  /** When the handler returned a promise; only then does its deadline run. */
  startedAt = 0;
  finished = false;
  reply: Out | undefined = undefined;
  fault: SpillwayError | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #abortedWith: SpillwayError | undefined = undefined;

  constructor(connection: ConnectionInfo) {
    this.connection = connection;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  succeed(reply: Out | undefined): void {
    if (this.finished) return;
    this.finished = true;
    this.reply = reply;
  }

  fail(error: SpillwayError): void {
    if (this.finished) return;
    this.finished = true;
    this.fault = error;
  }

  /** Nobody waits for the result any more. */
  abort(error: SpillwayError): void {
    this.#abortedWith = error;
    this.#controller?.abort(error);
  }
}

import { SpillwayError } from "../errors/errors.ts";
import type { AcceptTurns, Connection } from "./transport.ts";

/**
 * The queue of new connections on a runtime that accepts on its own. They wait, unread, until the accept loop asks. It
 * is bounded: beyond `limit` a connection is reset, and the accept loop gets an error.
 */
export class AcceptQueue implements AsyncIterator<Connection> {
  readonly #limit: number;
  readonly #turns: AcceptTurns | undefined;
  readonly #finishListener: () => void;
  readonly #waiting: (Connection | SpillwayError)[] = [];
  /** The number of connections that are left of the turn. */
  #left: number;
  #wanted: Wanted | undefined;
  #finished = false;
  #closed = false;

  /**
   * `limit` is the number of connections that may wait. `turns` are those of the listener, and `finishListener` ends it behind the
   * last one, as {@link BoundQueue.finish}.
   */
  constructor(limit: number, turns?: AcceptTurns, finishListener: () => void = () => undefined) {
    this.#limit = limit;
    this.#turns = turns;
    this.#finishListener = finishListener;
    this.#left = turns === undefined ? Infinity : Math.max(1, turns.next(0));
  }

  /** Takes an accepted connection. Aborts it when the queue is full or closed. */
  push(connection: Connection): void {
    if (this.#closed || this.#finished) connection.abort();
    else if (this.#waiting.length < this.#limit) this.#offer(connection);
    else {
      connection.abort();
      const overflow = new SpillwayError(
        "connection-aborted",
        `more than ${this.#limit} connections wait to be accepted`,
      );
      // One error stands for all connections that overflow before it is read.
      if (this.#waiting.length === this.#limit) this.#waiting.push(overflow);
    }
    this.#left -= 1;
    if (this.#left <= 0) this.#endTurn();
  }

  /** Within the call that brings the connection: a runtime that accepts one by one must not accept another one. */
  #endTurn(): void {
    // The accept loop may not have counted the connection that it was given last.
    const given = this.#wanted === undefined ? 1 : 0;
    this.#left = this.#turns?.next(this.#waiting.length + given) ?? Infinity;
    if (this.#left > 0) return;
    // Connections may come that the runtime has accepted already.
    this.#left = Infinity;
    this.#finishListener();
  }

  /** Makes one `next()` reject with the error. */
  fail(error: SpillwayError): void {
    if (!this.#closed) this.#offer(error);
  }

  /** Takes no more connections. The iteration ends behind those that wait. */
  finish(): void {
    this.#finished = true;
    this.#endWaiting();
  }

  /** Aborts the waiting connections, and ends the iteration. */
  close(): void {
    this.#closed = true;
    for (const item of this.#waiting.splice(0)) if (!(item instanceof SpillwayError)) item.abort();
    this.#endWaiting();
  }

  /** Fulfils with the next connection, or the end. */
  next(): Promise<IteratorResult<Connection, undefined>> {
    // This is not an async function, which would cost each connection two more promises.
    return new Promise((resolve, reject) => {
      const item = this.#closed ? undefined : this.#waiting.shift();
      if (item instanceof SpillwayError) reject(item);
      else if (item !== undefined) resolve({ done: false, value: item });
      else if (this.#closed || this.#finished) resolve({ done: true, value: undefined });
      else this.#wanted = { resolve, reject };
    });
  }

  #endWaiting(): void {
    this.#wanted?.resolve({ done: true, value: undefined });
    this.#wanted = undefined;
  }

  #offer(item: Connection | SpillwayError): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#waiting.push(item);
    else if (item instanceof SpillwayError) wanted.reject(item);
    else wanted.resolve({ done: false, value: item });
  }
}

/** The pending `next` of the accept loop. */
interface Wanted {
  resolve(result: IteratorResult<Connection, undefined>): void;
  reject(error: SpillwayError): void;
}

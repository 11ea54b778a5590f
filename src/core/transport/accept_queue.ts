import { SpillwayError } from "../errors/errors.ts";
import type { Connection } from "./transport.ts";

/**
 * The queue of new connections on a runtime that accepts on its own. They wait, unread, until the accept loop asks. It
 * is bounded: beyond `limit` a connection is reset, and the accept loop gets an error.
 */
export class AcceptQueue implements AsyncIterator<Connection> {
  readonly #limit: number;
  readonly #waiting: (Connection | SpillwayError)[] = [];
  #wanted: Wanted | undefined;
  #finished = false;
  #closed = false;

  /** `limit` is the number of connections that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
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

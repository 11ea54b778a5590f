import type { AcceptQueue } from "./accept_queue.ts";
import type { Address, Connection, Listener } from "./transport.ts";

/** The listener of a runtime that accepts on its own: its connections come through an {@link AcceptQueue}. */
export class QueueListener implements Listener {
  readonly address: Address;
  readonly #queue: AcceptQueue;
  readonly #stop: () => void;

  /** `stop` makes the runtime accept nothing more. It may be called again. */
  constructor(address: Address, queue: AcceptQueue, stop: () => void) {
    this.address = address;
    this.#queue = queue;
    this.#stop = stop;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this.#queue;
  }

  finish(): void {
    this.#stop();
    this.#queue.finish();
  }

  close(): void {
    this.#stop();
    this.#queue.close();
  }
}

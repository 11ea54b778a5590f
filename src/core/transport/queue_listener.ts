import type { AcceptQueue } from "./accept_queue.ts";
import type { Address, Connection, Listener } from "./transport.ts";

/** A bound socket whose runtime accepts on its own, and fills the queue. */
export interface BoundQueue {
  /** The address of the socket, with the actual port. */
  readonly address: Address;
  /** Where accepted connections wait. */
  readonly queue: AcceptQueue;
  /** Makes the runtime accept nothing more. It may be called again. */
  readonly close: () => void;
}

/** The listener of a runtime that accepts on its own: its connections come through an {@link AcceptQueue}. */
export class QueueListener implements Listener {
  readonly address: Address;
  readonly #queue: AcceptQueue;
  readonly #stop: () => void;

  /** `remove` removes what outlives the listener, such as the file of a socket, before the runtime stops. */
  constructor({ address, queue, close }: BoundQueue, remove?: () => void) {
    this.address = address;
    this.#queue = queue;
    this.#stop = () => {
      remove?.();
      close();
    };
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

import type { AcceptQueue } from "./accept_queue.ts";
import type { Address, Connection, Listener } from "./transport.ts";

/** A bound socket whose runtime accepts on its own, and fills the queue. */
export interface BoundQueue {
  /** The address of the socket, with the actual port. */
  readonly address: Address;
  /** Where accepted connections wait. */
  readonly queue: AcceptQueue;
  /** Makes the runtime accept nothing more, and finishes the queue behind what the runtime has accepted. */
  readonly finish: () => void;
  /** Makes the runtime accept nothing more. It may be called again. */
  readonly close: () => void;
}

/** The listener of a runtime that accepts on its own: its connections come through an {@link AcceptQueue}. */
export class QueueListener implements Listener {
  readonly #bound: BoundQueue;
  readonly #remove: (() => void) | undefined;

  /** `remove` removes what outlives the listener, such as the file of a socket, before the runtime stops. */
  constructor(bound: BoundQueue, remove?: () => void) {
    this.#bound = bound;
    this.#remove = remove;
  }

  get address(): Address {
    return this.#bound.address;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this.#bound.queue;
  }

  finish(): void {
    this.#remove?.();
    this.#bound.finish();
  }

  close(): void {
    this.#remove?.();
    this.#bound.close();
    this.#bound.queue.close();
  }
}

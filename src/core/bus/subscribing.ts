import type { BusLink } from "./bus_link.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** Asks the broker for new topics, one request at a time: those of many joins are one request. */
export class Subscribing {
  /** The request under way. It fulfils when the topics are effective, or the connection is lost. */
  pending: Promise<void> | undefined;
  readonly #subscriptions: Subscriptions;
  readonly #link: BusLink;
  /** Called when new topics are effective. */
  readonly #onNew: () => void;

  constructor(subscriptions: Subscriptions, link: BusLink, onNew: () => void) {
    this.#subscriptions = subscriptions;
    this.#link = link;
    this.#onNew = onNew;
  }

  run(): void {
    const { connection } = this.#link;
    if (connection === undefined || this.pending !== undefined) return;
    const topics = this.#subscriptions.take();
    if (topics.length === 0) return;
    const pending = connection.subscribe(topics).then(
      () => {
        if (this.pending !== pending) return;
        this.pending = undefined;
        this.#subscriptions.confirm(topics);
        this.#onNew();
        this.run();
      },
      (cause: unknown) => {
        if (this.pending === pending) this.#link.fail(cause);
      },
    );
    this.pending = pending;
  }

  /** The connection is lost: everything is to be asked for again. */
  reset(): void {
    this.pending = undefined;
    this.#subscriptions.reset();
  }
}

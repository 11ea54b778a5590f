import type { FleetError } from "./errors.ts";
import { LostTry } from "./lost_try.ts";
import type { Timed } from "./try_deadlines.ts";

/** The part of a fleet that a {@link FleetTry} is with. */
export interface TryOwner<Out> {
  /** The try has no reply in its time. */
  onTimeout(one: FleetTry<Out>): void;
  /** The caller has its answer, or waits for none any more. The reply may still come. */
  onSettled(one: FleetTry<Out>): void;
}

/** One frame that was sent once. */
export class FleetTry<Out> implements Timed {
  /** The raw reply. */
  readonly reply: Promise<Out>;
  /** Whether it holds a place of the fleet. */
  placed = true;
  settled = false;
  readonly #owner: TryOwner<Out>;
  readonly #signal: AbortSignal;
  #resolve!: (reply: Out) => void;
  #reject!: (reason: unknown) => void;

  constructor(owner: TryOwner<Out>, signal: AbortSignal) {
    this.#owner = owner;
    this.#signal = signal;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener("abort", this.#onAbort);
  }

  fulfil(reply: Out): void {
    if (this.#settle()) this.#resolve(reply);
  }

  /** Fails for good. */
  fail(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Fails, so that another may be made. */
  lose(error: FleetError, unhandled: boolean): void {
    this.fail(new LostTry(error, unhandled));
  }

  /** Nobody waits for the reply any more. */
  abandon(): void {
    if (this.#settle()) this.#resolve(undefined as Out);
  }

  onDeadline(): void {
    this.#owner.onTimeout(this);
  }

  readonly #onAbort = (): void => this.fail(this.#signal.reason);

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#owner.onSettled(this);
    return true;
  }
}

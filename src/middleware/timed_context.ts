import { afterRound, type Clock, type Context, SpillwayError } from "../core/mod.ts";
import { DerivedContext } from "./with_signal.ts";

/** A context whose signal also aborts when a promise passed to {@link within} is late. */
export class TimedContext<Out, State> extends DerivedContext<Out, State> {
  /** Whether the deadline has passed. */
  late = false;
  readonly #context: Context<Out, State>;
  readonly #ms: number;
  readonly #clock: Clock;
  /** Made on demand: most synchronous handlers do not use their signal. */
  #controller: AbortController | undefined;
  #giveUp: ((reason: unknown) => void) | undefined;

  constructor(context: Context<Out, State>, ms: number, clock: Clock) {
    super(context);
    this.#context = context;
    this.#ms = ms;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const { signal } = this.#context;
      if (signal.aborted) this.#controller.abort(signal.reason);
      else signal.addEventListener("abort", this.#onAbort);
    }
    return this.#controller.signal;
  }

  /** Fulfils with the value of `work`. Rejects when the deadline passes first, or when the signal of the frame aborts. */
  async within<Value>(work: PromiseLike<Value>): Promise<Value> {
    const { signal } = this;
    const clock = this.#clock;
    const dueAt = clock.now() + this.#ms;
    let settled = false;
    const expire = () => settled || this.#expire();
    // After a stall, a late timer may fire before a result that has waited as long: the result is then given a round to settle.
    const onTimer = () => (clock.now() > dueAt ? afterRound(clock, expire) : expire());
    const timer = this.#ms === Infinity ? undefined : clock.setTimeout(onTimer, this.#ms);
    try {
      return await new Promise<Value>((resolve, reject) => {
        this.#giveUp = reject;
        work.then(resolve, reject);
        if (signal.aborted) reject(signal.reason as Error);
      });
    } finally {
      settled = true;
      this.#giveUp = undefined;
      clock.clearTimeout(timer);
    }
  }

  /** Removes the listener on the frame's signal, when nothing more will be awaited. */
  end(): void {
    if (this.#controller !== undefined) this.#context.signal.removeEventListener("abort", this.#onAbort);
  }

  #expire(): void {
    this.late = true;
    this.#abort(new SpillwayError("handler-timeout", `the handler did not finish within ${this.#ms} ms`));
  }

  readonly #onAbort = (): void => this.#abort(this.#context.signal.reason);

  #abort(reason: unknown): void {
    this.#controller?.abort(reason);
    this.#giveUp?.(reason);
  }
}

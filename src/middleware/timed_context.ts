import { afterRound, type Clock, type Context, SpillwayError } from "../core/mod.ts";
import { DerivedContext } from "./with_signal.ts";

/** A context whose signal aborts as well when what is awaited {@link within} it is late. */
export class TimedContext<Out, State> extends DerivedContext<Out, State> {
  /** Time was up. */
  late = false;
  readonly #context: Context<Out, State>;
  readonly #ms: number;
  readonly #clock: Clock;
  /** Made when it is asked for: a synchronous handler mostly does not. */
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

  /** What `work` gives. Rejects when that is late, or the frame's own signal aborts. */
  async within<Value>(work: PromiseLike<Value>): Promise<Value> {
    const { signal } = this;
    const clock = this.#clock;
    const dueAt = clock.now() + this.#ms;
    let settled = false;
    const expire = () => settled || this.#expire();
    // A timer that is late may be earlier than a result that has waited as long: after a stall, that has its turn first.
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

  /** Nothing is awaited any more: leaves nothing behind. */
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

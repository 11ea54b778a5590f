import type { ConnectionInfo, Context, Protocol, Session } from "../core/mod.ts";

/** A context that is another one in everything but its signal. */
export abstract class DerivedContext<Out, State> implements Context<Out, State> {
  abstract readonly signal: AbortSignal;
  readonly #context: Context<Out, State>;

  constructor(context: Context<Out, State>) {
    this.#context = context;
  }

  get connection(): ConnectionInfo {
    return this.#context.connection;
  }

  get session(): Session<Out, State> {
    return this.#context.session;
  }

  get truncated(): boolean {
    return this.#context.truncated;
  }

  upgrade<NewIn, NewOut>(to: Protocol<NewIn, NewOut, State>): void {
    this.#context.upgrade(to);
  }

  close(): void {
    this.#context.close();
  }
}

class ContextWithSignal<Out, State> extends DerivedContext<Out, State> {
  readonly signal: AbortSignal;

  constructor(context: Context<Out, State>, signal: AbortSignal) {
    super(context);
    this.signal = signal;
  }
}

/**
 * A context to hand on with `next`: the same, with another signal. A context cannot be copied with `{ ...context }`: it is an
 * object of a class.
 *
 * @example
 * ```ts
 * import type { Middleware } from "spillway";
 * import { withSignal } from "spillway/middleware";
 *
 * const stopping = new AbortController(); // Aborts what all connections compute.
 * const stoppable: Middleware<string> = (line, context, next) =>
 *   next(line, withSignal(context, AbortSignal.any([context.signal, stopping.signal])));
 * console.log(stoppable.length); // 3
 * ```
 */
export function withSignal<Out, State>(context: Context<Out, State>, signal: AbortSignal): Context<Out, State> {
  return new ContextWithSignal(context, signal);
}

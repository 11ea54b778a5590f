import type { ConnectionInfo, Context, EstablishStep, Protocol, Session } from "../core/mod.ts";

/** A context that differs from another one only in its signal. */
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

  startTls(step: EstablishStep): void {
    this.#context.startTls(step);
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
 * Returns a copy of a context with another signal, to pass to `next`. `{ ...context }` makes no copy of a context, as a context
 * is an instance of a class.
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

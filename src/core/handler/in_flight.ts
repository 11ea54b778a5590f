import type { Exchange } from "./exchange.ts";

/** The frames of one connection that are not answered yet, in the order in which they came. */
export class InFlight<Out, State> {
  readonly #exchanges: Exchange<Out, State>[] = [];

  get length(): number {
    return this.#exchanges.length;
  }

  get first(): Exchange<Out, State> | undefined {
    return this.#exchanges[0];
  }

  /** What has been at work for longest. */
  get oldest(): Exchange<Out, State> | undefined {
    let oldest: Exchange<Out, State> | undefined;
    for (const exchange of this.#exchanges) {
      if (exchange.finished || exchange.startedAt === undefined) continue;
      if (oldest?.startedAt === undefined || exchange.startedAt < oldest.startedAt) oldest = exchange;
      // Handlers begin in order. Only the stream that comes first may have begun later than what is behind it.
      if (exchange.stream === undefined) break;
    }
    return oldest;
  }

  add(exchange: Exchange<Out, State>): void {
    this.#exchanges.push(exchange);
  }

  removeFirst(): void {
    // Mostly there is one, and that costs less.
    if (this.length === 1) this.#exchanges.pop();
    else this.#exchanges.shift();
  }

  removeAll(): Exchange<Out, State>[] {
    return this.#exchanges.splice(0);
  }

  /** The last of all, with `exchange` on its own where that is not here any more. */
  lastFrom(exchange: Exchange<Out, State>): Exchange<Out, State> {
    return this.#exchanges.includes(exchange) ? (this.#exchanges.at(-1) ?? exchange) : exchange;
  }

  /** Handlers that began since the last time began `now`. */
  date(now: number): void {
    for (let index = this.length - 1; index >= 0; index--) {
      const exchange = this.#exchanges[index] as Exchange<Out, State>;
      if (exchange.startedAt !== undefined) break;
      if (exchange.working && exchange.stream === undefined) exchange.startedAt = now;
    }
  }
}

/** Of a connection whose handlers were synchronous so far. */
export const NONE_IN_FLIGHT: InFlight<never, never> = new InFlight();

import type { Clock } from "../core/mod.ts";
import { TokenRate } from "./token_rate.ts";

/** Settings of a {@link RateTable}. */
export interface RateTableSettings {
  readonly perSecond: number;
  readonly burst: number;
  /** The number of keys that are remembered. At least 2. */
  readonly maxKeys: number;
  readonly clock: Clock;
}

/**
 * A token bucket for each key, in bounded memory and constant time.
 *
 * The keys lie in two generations. A key that is used is in the younger one. When the younger one has half of `maxKeys`, or
 * the time to fill a bucket has passed, it becomes the older one, and the former older one is forgotten as a whole. After
 * that time the forgotten buckets are full, so nothing is lost. Earlier, a forgotten key begins again with a full
 * bucket; the `maxKeys / 2` keys that were used last are always remembered.
 */
export class RateTable {
  readonly #rate: TokenRate;
  readonly #half: number;
  readonly #clock: Clock;
  /** The instants at which the buckets will be full. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  /** The instant at which the younger generation began. */
  #begunAt: number;
  #forgotten = 0;

  constructor({ perSecond, burst, maxKeys, clock }: RateTableSettings) {
    this.#rate = new TokenRate(perSecond, burst);
    this.#half = Math.floor(maxKeys / 2);
    this.#clock = clock;
    this.#begunAt = clock.now();
  }

  /** The number of keys that are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The number of keys that were forgotten for want of room, before their buckets could be full. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Takes a token from the bucket of a key. Returns false when there is none. */
  take(key: string): boolean {
    const now = this.#clock.now();
    if (now - this.#begunAt >= this.#rate.fillMs) this.#turn(now);
    const fullAt = this.#young.get(key) ?? this.#old.get(key) ?? now;
    const enough = this.#rate.tokens(fullAt, now) >= 1;
    // A key that is refused is kept as well, so that it does not gain by being forgotten.
    this.#keep(key, enough ? this.#rate.spend(1, fullAt, now) : fullAt, now);
    return enough;
  }

  #keep(key: string, fullAt: number, now: number): void {
    if (!this.#young.has(key)) {
      this.#old.delete(key);
      if (this.#young.size >= this.#half) {
        this.#forgotten += this.#old.size;
        this.#turn(now);
      }
    }
    this.#young.set(key, fullAt);
  }

  #turn(now: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#begunAt = now;
  }
}

import { checkWhole } from "../core/mod.ts";

const MASK = (1n << 64n) - 1n;

/** A source of pseudo-random numbers, the same for the same seed on every runtime. Made by {@link seededRandom}. */
export interface Random {
  /** Returns a whole number from 0 to 2³² - 1. */
  next(): number;
  /** Returns a whole number of at least 0 and less than `limit` (1 to 2³²). */
  below(limit: number): number;
  /** Returns a whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** Returns true once in `times` calls, on average. */
  once(times: number): boolean;
  /** Returns one of the items, each with the same probability. */
  pick<Item>(items: readonly Item[]): Item;
  /** Returns another source, which depends on the seed and on `name`, but not on the numbers drawn so far. */
  fork(name: string): Random;
}

/**
 * Returns a source of pseudo-random numbers for tests: xoshiro128**, whose state splitmix64 derives from the seed.
 *
 * Give each part of a test a source of its own, with `fork`: the numbers that one part draws then do not affect another.
 *
 * @throws {RangeError} `seed` is not a whole number from 0 to 2⁵³ - 1
 *
 * @example
 * ```ts
 * import { seededRandom } from "spillway/testing";
 *
 * const random = seededRandom(7);
 * console.log(random.below(6) === seededRandom(7).below(6)); // true
 * console.log(random.fork("network").next() === seededRandom(7).fork("network").next()); // true
 * ```
 */
export function seededRandom(seed: number): Random {
  return new Xoshiro(BigInt(checkWhole("seed", seed, 0)));
}

/** splitmix64: derives any number of well-mixed words from one. */
export class Splitmix {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = seed & MASK;
  }

  next(): bigint {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK;
    let bits = this.#state;
    bits = ((bits ^ (bits >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    bits = ((bits ^ (bits >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return bits ^ (bits >> 31n);
  }
}

/** xoshiro128**, version 1.1: four words of 32 bits. */
export class Xoshiro implements Random {
  readonly #seed: bigint;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: bigint, words: readonly [number, number, number, number] = wordsOf(seed)) {
    this.#seed = seed;
    [this.#a, this.#b, this.#c, this.#d] = words;
  }

  next(): number {
    const result = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotated(this.#d, 11);
    return result;
  }

  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError("there is nothing to pick from");
    return items[this.below(items.length)] as Item;
  }

  fork(name: string): Random {
    let seed = this.#seed;
    for (let at = 0; at < name.length; at++) seed = new Splitmix(seed ^ BigInt(name.charCodeAt(at))).next();
    return new Xoshiro(seed);
  }
}

function wordsOf(seed: bigint): [number, number, number, number] {
  const mix = new Splitmix(seed);
  const [one, other] = [mix.next(), mix.next()];
  return [
    Number(one & 0xffffffffn) | 0,
    Number(one >> 32n) | 0,
    Number(other & 0xffffffffn) | 0,
    Number(other >> 32n) | 0,
  ];
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

import type { Bytes } from "../transport/transport.ts";
import type { FrameInput } from "./frame_input.ts";

/** A state for each byte of all delimiters, 256 entries of 2 bytes each: 1 MiB at most. */
const MOST_STATES = 2_048;

/**
 * Finds the first of several byte sequences in input that comes in pieces: a deterministic automaton (Aho–Corasick), so that
 * each byte is looked at once, and a sequence that is cut in two is found. Shared by all decoders of a codec; the state
 * between two pieces is theirs.
 */
export class DelimiterSearch {
  /** The states after a byte: `next[state * 256 + byte]`. State 0: nothing of a delimiter was seen. */
  readonly #next: Uint16Array;
  /** By state: how many of the last bytes may be the beginning of a delimiter. */
  readonly #depth: number[] = [0];
  /** By state: the length of the longest delimiter that ends here; 0 for none. */
  readonly #found: number[] = [0];
  /** The byte that all delimiters begin with, if it is the same. */
  readonly #first: number | undefined;

  /** @throws {TypeError | RangeError} none, an empty one, or too many bytes altogether */
  constructor(delimiters: readonly Bytes[]) {
    if (delimiters.length === 0) throw new RangeError("delimiter must be at least one byte sequence");
    for (const { length } of delimiters) if (length === 0) throw new RangeError("delimiter must not be empty");
    const states = 1 + delimiters.reduce((total, { length }) => total + length, 0);
    if (states > MOST_STATES) throw new RangeError(`delimiter must have at most ${MOST_STATES - 1} bytes altogether`);
    this.#next = new Uint16Array(states * 256);
    const order = this.#addAll(delimiters);
    this.#link(order);
    const firsts = new Set(delimiters.map((delimiter) => delimiter[0]));
    this.#first = firsts.size === 1 ? delimiters[0]?.[0] : undefined;
  }

  /** The length of the delimiter that ends in this state; 0 for none. */
  found(state: number): number {
    return this.#found[state] as number;
  }

  /** How many of the last bytes may belong to a delimiter. */
  depth(state: number): number {
    return this.#depth[state] as number;
  }

  /** Goes on from `state`, to the end of the first delimiter or of the chunk; `input.at` says how far. The new state. */
  run(state: number, input: FrameInput): number {
    const next = this.#next;
    const { chunk } = input;
    let now = state;
    for (let at = input.at; at < chunk.length; at++) {
      if (now === 0 && this.#first !== undefined) {
        at = chunk.indexOf(this.#first, at);
        if (at < 0) break;
      }
      now = next[now * 256 + (chunk[at] as number)] as number;
      if (this.#found[now] === 0) continue;
      input.at = at + 1;
      return now;
    }
    input.at = chunk.length;
    return now;
  }

  /** The tree of all delimiters; its states in breadth-first order, each with the state that it is reached from. */
  #addAll(delimiters: readonly Bytes[]): { state: number; from: number; byte: number }[] {
    const order: { state: number; from: number; byte: number }[] = [];
    const longest = Math.max(...delimiters.map(({ length }) => length));
    const at = delimiters.map(() => 0);
    for (let depth = 0; depth < longest; depth++) {
      for (const [index, delimiter] of delimiters.entries()) {
        const byte = delimiter[depth];
        if (byte === undefined) continue;
        const from = at[index] as number;
        let state = this.#next[from * 256 + byte] as number;
        if (state === 0) {
          state = this.#depth.push(depth + 1) - 1;
          this.#found.push(0);
          this.#next[from * 256 + byte] = state;
          order.push({ state, from, byte });
        }
        at[index] = state;
        if (depth + 1 === delimiter.length) this.#found[state] = delimiter.length;
      }
    }
    return order;
  }

  /** Where a delimiter does not go on, one that began later may: a state gets the steps of its longest proper suffix. */
  #link(order: readonly { state: number; from: number; byte: number }[]): void {
    const next = this.#next;
    const suffix = [0];
    for (const { state, from, byte } of order) {
      const other = from === 0 ? 0 : (next[(suffix[from] as number) * 256 + byte] as number);
      suffix[state] = other;
      this.#found[state] ||= this.#found[other] as number;
      for (let step = 0; step < 256; step++) next[state * 256 + step] ||= next[other * 256 + step] as number;
    }
  }
}

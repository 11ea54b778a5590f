import type { Bytes } from "../transport/transport.ts";
import type { FrameInput } from "./frame_input.ts";

/**
 * The maximum number of states: one per byte of all delimiters, and the initial one. Each has 256 entries of 2 bytes,
 * in total at most 1 MiB.
 */
const MOST_STATES = 2_048;

/**
 * Finds the first of several byte sequences in input that comes in pieces, with a deterministic automaton
 * (Aho–Corasick). Each byte is examined once, and a sequence that is split between pieces is found. All decoders of a
 * codec share the search, and each keeps its state between two pieces.
 */
export class DelimiterSearch {
  /** The transitions: `next[state * 256 + byte]`. State 0 means that no byte of a delimiter was seen. */
  readonly #next: Uint16Array;
  /** The number of last bytes that may be the beginning of a delimiter, by state. */
  readonly #depth: number[] = [0];
  /** The length of the longest delimiter that ends in a state, by state; 0 for none. */
  readonly #found: number[] = [0];
  /** The first byte of all delimiters, if it is the same. */
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

  /** Returns the length of the delimiter that ends in this state, or 0. */
  found(state: number): number {
    return this.#found[state] as number;
  }

  /** Returns the number of last bytes that may belong to a delimiter. */
  depth(state: number): number {
    return this.#depth[state] as number;
  }

  /**
   * Continues from `state` to the end of the first delimiter or of the chunk, advances `input.at` to that position, and
   * returns the new state.
   */
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

  /** Builds the tree of all delimiters. Returns its states in breadth-first order, each with its parent. */
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

  /**
   * Completes the transitions: where a delimiter does not continue, one that began later may, so each state gets the
   * transitions of its longest proper suffix.
   */
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

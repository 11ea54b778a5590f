import { type AddressRange, masksOf } from "./address_range.ts";
import type { Parts } from "./numeric_address.ts";

/** The ranges of one length. */
interface Ranges<Value> {
  readonly length: number;
  readonly masks: readonly number[];
  /** The values, by prefix. */
  readonly values: Map<string, Value>;
}

/**
 * Ranges of addresses of one family, each with a value. A lookup takes one step for each length that a range has: at most
 * 33 steps with IPv4 and 129 with IPv6, however many ranges there are.
 */
export class RangeTable<Value> {
  /** The longest first. */
  readonly #lengths: Ranges<Value>[] = [];

  /** Adds a range, or replaces its value. */
  set({ parts, length }: AddressRange, value: Value): void {
    const { masks, values } = this.#ranges(length);
    values.set(prefixOf(parts, masks), value);
  }

  /** Returns the value of the longest range that contains an address. */
  get(parts: Parts): Value | undefined {
    for (const { masks, values } of this.#lengths) {
      const value = values.get(prefixOf(parts, masks));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #ranges(length: number): Ranges<Value> {
    const at = this.#lengths.findIndex((ranges) => ranges.length <= length);
    const found = this.#lengths[at];
    if (found?.length === length) return found;
    const created = { length, masks: masksOf(length), values: new Map<string, Value>() };
    this.#lengths.splice(at === -1 ? this.#lengths.length : at, 0, created);
    return created;
  }
}

/** Returns the bits of a prefix as a string of 16-bit characters. */
function prefixOf(parts: Parts, masks: readonly number[]): string {
  return String.fromCharCode(...masks.map((mask, at) => mask & (parts[at] as number)));
}

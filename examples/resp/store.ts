import type { Bytes } from "spillway";

const DEFAULT_MAX_BYTES = 64 * 1_048_576;
/** What an entry takes besides its bytes, roughly: without it, many small ones would take many times the limit. */
const ENTRY_BYTES = 128;
/** As characters, a byte each: the same bytes give the same text, and no others do. */
const keyText = new TextDecoder("latin1");

/** Keys and values in memory, with a bound on what they take. */
export class Store {
  readonly maxBytes: number;
  bytes = 0;
  readonly #values = new Map<string, Bytes>();

  constructor(maxBytes: number = DEFAULT_MAX_BYTES) {
    this.maxBytes = maxBytes;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: Bytes): Bytes | undefined {
    return this.#values.get(keyText.decode(key));
  }

  /** Keeps `value` itself. False when there is no room for it: then the old value stays. */
  set(key: Bytes, value: Bytes): boolean {
    const name = keyText.decode(key);
    const old = this.#values.get(name);
    const bytes = this.bytes + value.length + (old === undefined ? ENTRY_BYTES + key.length : -old.length);
    if (bytes > this.maxBytes) return false;
    this.#values.set(name, value);
    this.bytes = bytes;
    return true;
  }

  /** Whether there was something to delete. */
  delete(key: Bytes): boolean {
    const name = keyText.decode(key);
    const old = this.#values.get(name);
    if (old === undefined) return false;
    this.bytes -= ENTRY_BYTES + key.length + old.length;
    return this.#values.delete(name);
  }
}

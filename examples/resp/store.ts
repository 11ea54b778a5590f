import type { Bytes } from "spillway";

const DEFAULT_MAX_BYTES = 64 * 1_048_576;
/** The approximate overhead of an entry. Without it, many small entries would take many times the limit. */
const ENTRY_BYTES = 128;
/** Converts each byte to a character, so that equal bytes, and only those, give equal text. */
const keyText = new TextDecoder("latin1");

/** Keys and values in memory, with a limit on their size. */
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

  /** Stores `value` without a copy. Returns false, and keeps the old value, if there is no room. */
  set(key: Bytes, value: Bytes): boolean {
    const name = keyText.decode(key);
    const old = this.#values.get(name);
    const bytes = this.bytes + value.length + (old === undefined ? ENTRY_BYTES + key.length : -old.length);
    if (bytes > this.maxBytes) return false;
    this.#values.set(name, value);
    this.bytes = bytes;
    return true;
  }

  /** Returns whether the key existed. */
  delete(key: Bytes): boolean {
    const name = keyText.decode(key);
    const old = this.#values.get(name);
    if (old === undefined) return false;
    this.bytes -= ENTRY_BYTES + key.length + old.length;
    return this.#values.delete(name);
  }
}

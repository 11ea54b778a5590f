import type { Address, Bytes } from "./transport.ts";

/**
 * What a runtime must do for one connection. An adapter implements it and reports what happens to the
 * `DriverConnection` that it made: `push`, `end`, `took`, `sent`, `finished`, `refuse`, `fail`, `released`.
 */
export interface Driver {
  /** Both as the runtime reports them: `DriverConnection` makes them plain. */
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  /** A read waits for input: deliver a chunk with `push`, or `end`, or `fail`. Called again only when more is wanted. */
  pull(): void;
  /** A chunk that was pushed may be written to again. Left out where the runtime brings its own memory. */
  recycle?(chunk: Bytes): void;
  /**
   * Sends. True when the kernel took everything at once; otherwise `sent` is reported when it has, or `refuse` when it cannot.
   * One call at a time; `bytes` stay unchanged until then.
   */
  write(bytes: Uint8Array): boolean;
  /** Sends text as UTF-8, as `write` does bytes, at a lower cost. Left out where that is not so. */
  writeText?(text: string): boolean;
  /** How many bytes a text is as UTF-8: there with `writeText`. */
  byteLength?(text: string): number;
  /** Whether false means that the kernel has refused the rest. Left out: the rest may just not have been tried yet. */
  readonly promptWrites?: boolean;
  /**
   * Tries again to send what the kernel refused, before it says that there is room. Left out where a runtime does not do so.
   * What is taken of a write before all of it is reported with `took`.
   */
  retry?(): void;
  /** Sends FIN. True when that is done; otherwise `finished` or `refuse` is reported. Called once, after the last `write` is done. */
  finish(): boolean;
  /** Both directions have ended: give the descriptor back, then report `released`. */
  release(): void;
  /** End now, with RST where possible, then report `released`. */
  reset(): void;
}

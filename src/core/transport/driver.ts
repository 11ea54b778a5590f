import type { Address, Bytes } from "./transport.ts";

/**
 * The part of a connection that a runtime implements. It reports what happens to the `DriverConnection` that it
 * creates: `push`, `end`, `took`, `sent`, `finished`, `refuse`, `fail`, `released`.
 */
export interface Driver {
  /** The addresses as the runtime reports them. `DriverConnection` makes them plain. */
  readonly remoteAddress: Address;
  /** The address of this side. */
  readonly localAddress: Address;
  /** Asks for input: deliver a chunk with `push`, or call `end` or `fail`. Called again only when more is wanted. */
  pull(): void;
  /** Gives back the memory of a chunk that was pushed. Absent where the runtime brings its own memory. */
  recycle?(chunk: Bytes): void;
  /**
   * Sends bytes. Returns true when the kernel took everything at once. Otherwise, report `sent` when it has, or
   * `refuse` when it cannot. There is one write at a time, and `bytes` stay unchanged until its end.
   */
  write(bytes: Uint8Array): boolean;
  /** Sends text as UTF-8, like `write`. Absent where this does not cost less. */
  writeText?(text: string): boolean;
  /** Returns the number of bytes of a text in UTF-8. Present with `writeText`. */
  byteLength?(text: string): number;
  /** Whether false means that the kernel has refused the rest. Default: false, the rest may not have been tried yet. */
  readonly promptWrites?: boolean;
  /**
   * Offers the kernel again what it refused, before it reports room. Report with `took` what it takes of a write that
   * is not finished. Absent where the runtime does not do this.
   */
  retry?(): void;
  /**
   * Sends FIN. Returns true when that is done. Otherwise, report `finished` or `refuse`. Called once, after the last
   * write.
   */
  finish(): boolean;
  /** Releases the descriptor, because both directions have ended. Then report `released`. */
  release(): void;
  /**
   * Stops using the socket of the runtime, and returns it, paused. It reports nothing any more. Absent where such a
   * socket is of no use to others.
   */
  detach?(): unknown;
  /** Ends at once, with RST where possible. Then report `released`. */
  reset(): void;
}

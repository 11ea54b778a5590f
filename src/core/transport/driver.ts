import type { Address, Bytes } from "./transport.ts";

/**
 * What a runtime must do for one connection. An adapter implements it and reports what happens to the
 * `DriverConnection` that it made: `push`, `end`, `took`, `fail`, `released`.
 */
export interface Driver {
  /** Both as the runtime reports them: `DriverConnection` makes them plain. */
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  /** Somebody waits for input: deliver a chunk with `push`, or `end`, or `fail`. Called again only when more is wanted. */
  pull(): void;
  /** A chunk that was pushed may be written to again. Left out where the runtime brings its own memory. */
  recycle?(chunk: Bytes): void;
  /** Nothing has happened for a while: lets go of what is there for speed only. */
  sleep?(): void;
  /**
   * Sends; `undefined` when the kernel took everything at once, else a promise that fulfils when it has, and rejects with
   * a {@link SpillwayError}. One call at a time; `bytes` stay unchanged until then.
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Whether such a promise says that the kernel has refused the rest. Left out: it may just not have been tried yet. */
  readonly promptWrites?: boolean;
  /**
   * Tries again to send what the kernel refused, before it says that there is room. Left out where a runtime does not do so.
   * What is taken of a write before all of it is goes to the connection's `took`.
   */
  retry?(): void;
  /** Sends FIN. Called once, after the last `write` is done. */
  finish(): Promise<void> | undefined;
  /** Both directions have ended: give the descriptor back, then report `released`. */
  release(): void;
  /** End now, with RST where possible, then report `released`. */
  reset(): void;
}

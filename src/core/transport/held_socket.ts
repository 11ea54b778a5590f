import type { Address } from "./address.ts";

/**
 * A bound socket on which this process accepts nothing, so that others can: a supervisor holds it, and each of its
 * workers listens on it.
 */
export interface HeldSocket {
  /** The address of the socket, with the actual port. */
  readonly address: Address;
  /** The descriptor, for the `stdio` of a child, where a child can inherit one without harm to its siblings. */
  readonly fd?: number;
  /**
   * The handle, to be sent beside a message: in the place of the descriptor where there is none, and as often as the other
   * process asks for it. Absent where the runtime cannot send it.
   */
  readonly handle?: object;
  /** Whether `address` is still that of this socket: another process may have replaced a path. */
  isInPlace(): boolean;
  /** Closes it here, and removes its path, if it is still its own. Processes that have got it listen on. */
  close(): void;
  /** Closes the socket in this process, and leaves its path to the process that has got it. */
  release(): void;
}

/** A bound socket that another process has sent. For `node:net` on Deno, it replaces an inherited descriptor. */
export interface SentSocket {
  /** The socket, as `node:child_process` delivers it beside a message. */
  readonly handle: object;
  /** The address of the socket, as {@link HeldSocket.address} says. */
  readonly address: Address;
}

import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { SpillwayError } from "../core/mod.ts";

/** The owner of a {@link Carrier}. */
export interface CarrierOwner {
  /**
   * The peer has ended its side, with close_notify or by FIN alone. Returns whether the owner sees to it. Otherwise the
   * TLS socket is told.
   */
  onEnd(truncated: boolean): boolean;
  /** The connection broke. Called once at most. */
  onBroken(error: SpillwayError): void;
  /** The descriptor is released. */
  onReleased(): void;
}

/** A carrier of the records of a TLS socket. */
export interface Carrier {
  /** The stream that the TLS socket is made over. */
  readonly stream: Duplex;
  owner: CarrierOwner | undefined;
  /**
   * Begins to read. Called in a tick after that which made the TLS socket: one whose handshake fails before it has
   * started throws on Deno.
   */
  start(socket: TLSSocket): void;
  /** Whether FIN has come: if so when the TLS socket ends, there was no close_notify. `undefined`: not known. */
  readonly ended: boolean | undefined;
  /**
   * Stops reading, and goes on. The TLS socket stops its carrier itself when it is paused, but on Deno it reads on, and
   * keeps all that comes.
   */
  pause(): void;
  resume(): void;
  /** Whether the connection has taken what the TLS socket has written. */
  readonly idle: boolean;
  /** Calls back when the connection has taken what the TLS socket has written. */
  whenTaken(callback: () => void): void;
  /** Sends FIN behind what was written, and calls back when that is done, or cannot be done. */
  finish(callback: () => void): void;
  /** Sends FIN, unless it is sent, releases the descriptor, and calls back. */
  release(callback?: () => void): void;
  /**
   * Destroys the TLS socket, and ends the connection with a reset where possible. After `end` of the TLS socket it only
   * releases the descriptor.
   */
  reset(socket: TLSSocket): void;
}

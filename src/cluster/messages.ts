/** The messages between a supervisor and its workers: JSON over the channel of `node:child_process`. */
import type { Address } from "../core/mod.ts";
import type { HeldTarget } from "./held_target.ts";

/** A socket of the supervisor, as a worker gets it. */
export interface AssignedSocket {
  /** The place that was asked for, as `placeKey` writes it. */
  readonly place: string;
  /** The same, as an option of `serve`. */
  readonly target: HeldTarget;
  /** The address that the socket is bound to, with the actual port. */
  readonly address: Address;
  /** The descriptor that the worker inherits. Without one, the socket comes beside a message. */
  readonly fd?: number;
  /** Whether all workers share the socket, and it comes beside a message as often as the worker asks for it. */
  readonly shared?: boolean;
}

/** The task of a worker, which it is told when it starts. */
export interface Assignment {
  /** The version of the messages. A worker that speaks another one does not start. */
  readonly version: number;
  /** Its number, from 1. A worker that replaces another has the same. */
  readonly slot: number;
  /** The number of workers. */
  readonly workers: number;
  /** The sockets of all places. */
  readonly sockets: readonly AssignedSocket[];
  /** The process to which systemd has given its sockets. */
  readonly inheritor: number;
}

/** A message of a supervisor. A worker ignores messages of other types. */
export type ToWorker =
  /** A socket is to be sent, and nothing else is said before the worker has it. */
  | { readonly type: "offer" }
  /** Comes with the socket of that number. */
  | { readonly type: "socket"; readonly index: number }
  | { readonly type: "ping" }
  | { readonly type: "drain"; readonly graceMs?: number }
  | { readonly type: "force" }
  | { readonly type: "ask"; readonly id: number; readonly question: unknown };

/** Reports whether something that has come through the channel may be a message of a supervisor. */
export function isMessage(said: unknown): said is ToWorker {
  return typeof said === "object" && said !== null;
}

/**
 * The envelope of a message of a worker. The service uses the same channel of `node:child_process`, and may send its parent anything
 * else.
 */
export interface Envelope {
  /** The message of the worker. */
  readonly spillway: FromWorker;
}

/** Returns what a child says to its supervisor, if it is not something of the service. */
export function opened(message: unknown): FromWorker | undefined {
  const { spillway } = (message ?? {}) as Partial<Envelope>;
  return typeof spillway === "object" && spillway !== null ? spillway : undefined;
}

/** A message of a worker. A supervisor ignores messages of other types. */
export type FromWorker =
  /** Its program runs, speaks this version of the protocol, and takes sockets. */
  | { readonly type: "up"; readonly version: number }
  /** It has read everything up to the offer of a socket. */
  | { readonly type: "take" }
  /** It has the socket. */
  | { readonly type: "taken" }
  /** It asks for the socket of that number once more. */
  | { readonly type: "again"; readonly index: number }
  | { readonly type: "ready" }
  | { readonly type: "pong" }
  /** It accepts nothing more and drains, whoever asked for it. */
  | { readonly type: "draining" }
  | { readonly type: "answer"; readonly id: number; readonly answer?: unknown; readonly error?: string };

import type { Presence } from "../bus/bus.ts";
import type { SendResult } from "../output/send_result.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";

/**
 * A connection being served. Handlers get it with every frame. It may be stored, and used at any time and from anywhere.
 *
 * - **Owns** nothing of its user. It leaves its groups when its end is decided.
 * - **Backpressure:** `send` never waits, and returns what happened. To send at the peer's pace, await `flushed`.
 * - **On abort** waiting output is lost, `send` returns `"closed"`, and `flushed` fulfils with false.
 *
 * Call its methods on it: `session.send(frame)`. Detached methods (`const { send } = session`) do not compile.
 *
 * @typeParam Out the frames that are sent
 * @typeParam State what the service keeps for each connection
 */
export interface Session<Out, State = unknown> {
  /** The connection: its number, its addresses, and what TLS and a PROXY header say of it. */
  readonly connection: ConnectionInfo;
  /**
   * The identity of the session among those of all servers of a bus: `server.to(session.id)` reaches it from each of them. The server
   * keeps a table of the sessions whose identity was read.
   */
  readonly id: string;
  /** The state that the service's `state` created for this connection. */
  readonly state: State;
  /** Whether a middleware requires authentication, and authentication is not complete. */
  readonly authenticating: boolean;
  /**
   * Aborts when the connection accepts nothing new and work in flight should finish: the server drains, `close()` was called, a deadline
   * passed, or the connection broke. Endless work should stop then. It does not abort at the peer's FIN, because the peer may still
   * expect all replies. The reason is a {@link SpillwayError} with the close reason of the connection. The signal is created on first
   * access.
   */
  readonly draining: AbortSignal;
  /**
   * Sends a push: a frame that is not a reply. It leaves after all earlier output. Never waits. Frames of one tick of the event loop
   * leave in one write. Bytes in the frame must not change afterwards.
   *
   * @throws {SpillwayError} `reply-invalid` when this is no frame of the codec, `codec-failed` when the codec threw
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway";
   *
   * await using server = await serve({
   *   port: 0,
   *   codec: lines(),
   *   onConnect: (session) => void session.send("hello"),
   *   handler: (line, { session }) => void session.send(line),
   * });
   * console.log(server.address.port > 0); // true
   * ```
   */
  send(this: object, frame: Out): SendResult;
  /**
   * Fulfils with true when everything sent before this call has been written, and with false when the connection ended first. Never
   * rejects.
   */
  flushed(this: object): Promise<boolean>;
  /**
   * Joins the group of that name, until `leave` or the end of the session. Has no effect if the session is a member, or is ending. A
   * member gets broadcasts even while it is `authenticating`.
   */
  join(this: object, group: string): void;
  /** Leaves the group of that name. Has no effect if the session is not a member. */
  leave(this: object, group: string): void;
  /** Returns the group of that name of this session's server, as `server.group(name)` does. */
  group(this: object, name: string): Group<Out, State>;
  /** Returns who has a key, as `server.to(key)` does. */
  to(this: object, key: string): Recipient<Out>;
  /**
   * Gives the session a key, such as the name of its user, until `removeKey` or the end of the session. Several sessions may have the
   * same key. Keys are apart from the names of groups. Has no effect if the session has it, or is ending.
   *
   * @throws {TypeError} the key has the form of a session's `id`
   */
  addKey(this: object, key: string): void;
  /** Takes a key away. Has no effect if the session does not have it. */
  removeKey(this: object, key: string): void;
  /** Ends the connection in order, as `handler-closed`: answers frames received in full, writes waiting output, and sends FIN. */
  close(this: object): void;
  /**
   * Half-closes the connection: sends FIN after the waiting output. Frames of the peer are still handled, until its FIN. Replies to
   * them are discarded, and `send` returns `"closed"`. Has no effect if nothing can be sent any more.
   */
  closeWrite(this: object): void;
  /**
   * Ends the connection at once, as `aborted`. Waiting output and work in flight are lost. The peer gets a reset if the runtime can
   * send one (not on Deno), so that it does not mistake partial output for all. Has no effect if the connection is over.
   */
  abort(this: object): void;
  /** Returns a snapshot of the counts of this connection. */
  stats(this: object): SessionStats;
  /** Completes authentication: ends its deadline, and frames are handled `concurrency` at a time. */
  completeAuthentication(this: object): void;
}

/** The result of `session.stats()`: counts of one connection. */
export interface SessionStats {
  /** The number of bytes received. */
  readonly bytesIn: number;
  /** The number of bytes sent. */
  readonly bytesOut: number;
  /** The number of frames received. */
  readonly framesIn: number;
  /** The number of frames sent: replies, pushes and broadcasts. */
  readonly framesOut: number;
  /** The number of pushes dropped for want of room. */
  readonly framesDropped: number;
  /** The time since it was accepted or made, in ms. */
  readonly ageMs: number;
  /** The time since the last byte in either direction, in ms. */
  readonly quietMs: number;
  /** The number of bytes that wait to be sent. */
  readonly waitingOutboundBytes: number;
  /** The number of frames with the handler, or answered and waiting for an earlier reply. */
  readonly framesInFlight: number;
  /** The names of its groups. */
  readonly groups: readonly string[];
}

/** Options of {@link Group.broadcast}. */
export interface BroadcastOptions {
  /** A session that does not get the frame, usually the sender. Default: none. */
  readonly except?: Session<never, unknown>;
}

/** The result of a broadcast in this server. It does not include other servers: see `bus.stats()`. */
export interface BroadcastResult {
  /** The number of members for which the frame was sent or queued. */
  readonly sent: number;
  /** The number of members that had no room, or whose codec cannot encode the frame. */
  readonly dropped: number;
}

/** The sessions with a key, in all servers of a bus; or the one session with an `id`. */
export interface Recipient<Out> {
  /** The key, or the `id` of the session. */
  readonly key: string;
  /**
   * Sends a frame to each of them, as {@link Group.broadcast} does. The result counts those of this server.
   *
   * @throws {SpillwayError} as `broadcast` does
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway";
   *
   * await using server = await serve({
   *   port: 0,
   *   codec: lines(),
   *   handler: (line, { session }) => {
   *     session.addKey(`user:${line}`);
   *     return `hello, ${line}`;
   *   },
   * });
   * console.log(server.to("user:42").send("you have mail")); // { sent: 0, dropped: 0 }
   * ```
   */
  send(this: object, frame: Out): BroadcastResult;
}

/**
 * A named set of sessions, to which a frame can be broadcast. With a bus, the sessions of all servers: then `size` and the iteration are
 * about those of this server, and `broadcast` reaches the others, too.
 *
 * A group exists while it has members. This object is only a handle: it costs nothing to get one, and two handles of the same name
 * are the same group.
 */
export interface Group<Out, State = unknown> extends Iterable<Session<Out, State>> {
  /** The name. */
  readonly name: string;
  /** The number of members. */
  readonly size: number;
  /** Iterates over the present members in the order in which they joined. Later changes do not affect the iteration. */
  [Symbol.iterator](): Iterator<Session<Out, State>>;
  /**
   * Sends a frame to every member. The frame is encoded once, and all members share the bytes. Never waits: `slowConsumer` applies to a
   * slow member, which delays no other. If a codec makes an encoder for each connection, the frame is encoded for each of its members.
   *
   * With a bus, the frame goes on to the members in other servers, and waits for nothing there either.
   *
   * @throws {SpillwayError} `reply-invalid` when no member's codec can encode the frame, `codec-failed` when a codec threw. With a bus, and
   * before any member gets the frame: `bus-frame-too-large`, `bus-frame-invalid`, and `bus-full` if `whenFull` is `"refuse"`.
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway";
   *
   * await using server = await serve({
   *   port: 0,
   *   codec: lines(),
   *   onConnect: (session) => session.join("everyone"),
   *   handler: (line, { session }) => void session.group("everyone").broadcast(line, { except: session }),
   * });
   * console.log(server.group("everyone").broadcast("hello")); // { sent: 0, dropped: 0 }
   * ```
   */
  broadcast(this: object, frame: Out, options?: BroadcastOptions): BroadcastResult;
  /**
   * Asks all servers of the bus for their members of this group. The result is approximate: members join and leave meanwhile, and a server
   * that does not answer within half a second is left out (`complete` is then false). Those who ask at the same time share one question.
   * Without a bus, or while it is down, it counts the members here. Never rejects.
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway";
   *
   * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line });
   * console.log(await server.group("everyone").presence()); // { members: 0, servers: 0, complete: true }
   * ```
   */
  presence(this: object): Promise<Presence>;
}

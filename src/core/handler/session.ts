import type { SendResult } from "../output/send_result.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";

/**
 * A connection being served. Handlers get theirs with every frame; it may be kept, and used at any time from anywhere.
 *
 * - **Owns** nothing of its user's: groups forget a session when its end is decided.
 * - **Pushes back** not at all: `send` says what happened instead. Wait for `flushed` to go at the peer's pace.
 * - **On abort** what waits to be sent is lost, `send` says `"closed"` and `flushed` gives false.
 *
 * Its methods are called on it: `session.send(frame)`. One that was taken off (`const { send } = session`) does not compile.
 *
 * @typeParam Out the frames that are sent
 * @typeParam State what the service keeps for each connection
 */
export interface Session<Out, State = unknown> {
  readonly connection: ConnectionInfo;
  /** What the service's `state` made for this connection. */
  readonly state: State;
  /** Whether a middleware asks for authentication, which is not complete yet. */
  readonly authenticating: boolean;
  /**
   * Aborts when the connection takes nothing new, and what is in flight should come to its end: the server drains, `close()`
   * was called, a deadline passed, or the connection broke. What would go on for ever ends here. Not at the peer's FIN,
   * which may still want all replies. The reason is a {@link SpillwayError} with the reason that the connection will end with.
   * Made when first asked for.
   */
  readonly draining: AbortSignal;
  /**
   * Sends a frame that answers nothing, behind everything that was sent before. Never waits. What is sent in one tick of the
   * event loop leaves in one write. Bytes in the frame must not change afterwards.
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
   * Fulfils (never rejects) with true when all that was sent before this call has been written, with false when the
   * connection was over first.
   */
  flushed(this: object): Promise<boolean>;
  /**
   * Becomes a member of the group of that name, until `leave` or its end. Does nothing when it is one, or is ending. A member gets
   * broadcasts also while it is `authenticating`.
   */
  join(this: object, group: string): void;
  /** Is no member any more. Does nothing when it was none. */
  leave(this: object, group: string): void;
  /** The group of that name, of this session's server: the same as `server.group(name)`. */
  group(this: object, name: string): Group<Out, State>;
  /** Ends in order, as `handler-closed`: what was received in full is answered, what was sent is written, then FIN. */
  close(this: object): void;
  /**
   * Ends what this side sends, and nothing else (half-close): FIN follows what was sent before. Frames of the peer are
   * still handled, until its FIN; replies to them are void, and `send` says `"closed"`. Does nothing when nothing can be
   * sent any more.
   */
  closeWrite(this: object): void;
  /**
   * Ends now, as `aborted`: what waits to be sent is lost, and what is in flight. The peer sees a reset where the runtime
   * can send one (not on Deno), so it does not take what it has got for all. Does nothing when the connection is over.
   */
  abort(this: object): void;
  /** The peer has proved what it had to: the authentication deadline ends, and frames are handled `concurrency` at a time. */
  completeAuthentication(this: object): void;
}

/** How {@link Group.broadcast} goes. */
export interface BroadcastOptions {
  /** The one who is left out: mostly who sent it. */
  readonly except?: Session<never, unknown>;
}

/** What became of a broadcast. */
export interface BroadcastResult {
  /** Members to whom it is on its way, or for whom it is queued. */
  readonly sent: number;
  /** Members who had no room for it, or whose codec does not know such a frame. */
  readonly dropped: number;
}

/**
 * A named set of sessions, to which a frame can be broadcast.
 *
 * It is there while it has members. This is only its name and the way to it: it costs nothing to ask for one, and two of
 * the same name are the same.
 */
export interface Group<Out, State = unknown> extends Iterable<Session<Out, State>> {
  readonly name: string;
  /** How many members it has. */
  readonly size: number;
  /** Its members now, in the order in which they joined. Who joins or leaves meanwhile changes nothing. */
  [Symbol.iterator](): Iterator<Session<Out, State>>;
  /**
   * Sends a frame to every member, encoded once; all share the bytes. Never waits: a member that is slow has its
   * `slowConsumer`, and holds up nobody. Members whose codec makes an encoder for each connection get bytes of their own.
   *
   * @throws {SpillwayError} `reply-invalid` when no member's codec knows such a frame, `codec-failed` when a codec threw
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
}

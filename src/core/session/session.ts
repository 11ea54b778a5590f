import type { ConnectionInfo } from "../handler/exchange.ts";
import type { Group } from "./group.ts";

/**
 * What became of a frame that was sent:
 *
 * - `"sent"`: it leaves in this tick of the event loop.
 * - `"queued"`: it waits behind what is being written. With `"drop-oldest"` it may still be dropped.
 * - `"dropped"`: there was no room (`slowConsumer`), and nothing of it is sent.
 * - `"closed"`: the connection takes no more frames; with `"close"`, for want of room for this one.
 */
export type SendResult = "sent" | "queued" | "dropped" | "closed";

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

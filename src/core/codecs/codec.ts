/**
 * The contract between a session and a framing.
 *
 * A {@link Codec} makes one {@link Decoder} and one {@link Encoder} per connection. Both are synchronous and see only
 * bytes and frames: no timer, no stream, no promise.
 */
import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";

/**
 * Turns chunks of bytes, cut anywhere, into frames.
 *
 * The session calls `push` only after `next` has returned `undefined`, and calls nothing after `end` but `next`.
 *
 * - **Owns**: a pushed chunk belongs to the decoder; frames may be views of it.
 * - **Linear**: each byte is examined a bounded number of times, however the input is cut. A decoder holds at most one
 *   frame and one chunk.
 * - **Lazy**: input behind a frame is not judged before that frame was taken, because it may belong to another codec
 *   (`unread`).
 *
 * @typeParam Frame the type of a frame; anything but `undefined`
 * @typeParam Header the header of a frame, if the framing has one that says more than a length
 */
export interface Decoder<Frame, Header = unknown> {
  /** Accepts the next bytes. Must not throw: errors are reported by `next`, in their place among the frames. */
  push(chunk: Bytes): void;
  /**
   * Returns the next whole frame, or `undefined` if it needs more bytes.
   *
   * For an invalid frame, throws a {@link SpillwayError} with code `frame-too-large` or `frame-invalid` in its place.
   * The decoder must then be able to continue behind exactly that frame, for sessions with `invalidFrame: "skip"`. If
   * the invalid frame hides where the next one begins, set `lost`. Any other exception ends the connection as
   * `codec-failed`.
   */
  next(): Frame | undefined;
  /**
   * Ends the input. Afterwards, `next` returns the remaining frames and then `undefined`, or throws `unexpected-eof` if
   * a frame was cut off.
   */
  end(): void;
  /**
   * Whether a frame has begun and is incomplete. The frame deadline applies while it is true. Read after `next` has
   * returned `undefined`.
   */
  readonly midFrame: boolean;
  /**
   * Whether the decoder cannot find the beginning of the next frame after `next` has thrown. The connection then ends,
   * even with `invalidFrame: "skip"`. Default: false.
   */
  readonly lost?: boolean;
  /**
   * Whether, after `next` has returned `undefined`, neither the decoder nor any frame refers to a pushed chunk: frames
   * are strings, numbers or copies. The memory of the chunk is then reused for reading. Default: false.
   */
  readonly leavesChunks?: boolean;
  /** Whether the last frame that `next` returned is only the beginning of one that was too long. Default: false. */
  readonly truncated?: boolean;
  /**
   * The header of the last frame that `next` returned. Omit it if the header holds nothing but what the framing itself
   * needs.
   */
  readonly header?: Header;
  /**
   * Returns the pushed bytes that are not part of a returned frame, in one array that belongs to the caller. This is
   * the last call: the connection continues with another codec (`context.upgrade`). Without this method, a connection
   * cannot leave the codec.
   */
  unread?(): Bytes;
}

/** The destination of an {@link Encoder}. Everything appended in one tick leaves in one write. */
export interface Output {
  /** Appends a string, to be sent as UTF-8. */
  text(text: string): void;
  /** Appends bytes. They must not change afterwards. */
  bytes(bytes: Uint8Array): void;
}

/**
 * Turns frames into bytes. Frames encoded for `session.send` or a broadcast may still be dropped (`slowConsumer`): an
 * encoder whose frames depend on earlier ones needs the policy `"reset"`.
 */
export interface Encoder<Frame> {
  /**
   * Appends one frame to `output`. If this throws, nothing of the frame is sent.
   *
   * @throws {SpillwayError} `reply-invalid` if `frame` is not a frame of the codec, which is the fault of the handler;
   * any other exception counts as a failure of the codec
   */
  encode(frame: Frame, output: Output): void;
  /**
   * Appends the frame that tells the peer why its connection is about to end. Optional, because not every protocol has
   * one.
   *
   * `error` has the details, for protocols that send them. Its message may quote an exception of a handler: send only
   * messages that the codec itself wrote, which are those of `frame-too-large` and `frame-invalid`.
   */
  encodeFault?(reason: CloseReason, output: Output, error: SpillwayError): void;
}

/**
 * A framing: the rules that delimit messages in a stream of bytes.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 * @typeParam Header the headers of the frames that arrive, if the framing has headers that say more than a length
 */
export interface Codec<In, Out = In, Header = unknown> {
  /** Creates a decoder for one connection. */
  decoder(): Decoder<In, Header>;
  /** Returns an encoder for one connection. All connections may share an encoder without state. */
  encoder(): Encoder<Out>;
  /**
   * Creates a decoder for one connection with `invalidFrame: "truncate"`. Instead of throwing `frame-too-large`, it
   * returns the beginning of the frame, up to the limit, sets `truncated`, and drops the rest. A server with that
   * policy refuses a codec without this method.
   */
  truncatingDecoder?(): Decoder<In, Header>;
}

/** @throws {TypeError} not a codec */
export function checkCodec(codec: Codec<unknown, never> | undefined): void {
  if (typeof codec?.decoder === "function" && typeof codec.encoder === "function") return;
  const hint = typeof codec === "function" ? ": it is a function, call it" : "";
  throw new TypeError(`codec must have decoder() and encoder(), such as lines()${hint}`);
}

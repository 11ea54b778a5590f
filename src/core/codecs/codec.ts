/**
 * The written contract between a session and a framing.
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
 * - **Linear**: each byte is looked at a bounded number of times, however the input is cut. At most one frame and one
 *   chunk are held.
 * - **Lazy**: what is behind a frame is not judged before that frame was taken: it may belong to another codec (`unread`).
 *
 * @typeParam Frame what a frame is; anything but `undefined`
 * @typeParam Header what stands before a frame, where the framing has more to say there than a length
 */
export interface Decoder<Frame, Header = unknown> {
  /** Takes the next bytes. Must not throw: report what is wrong from `next`, in its place among the frames. */
  push(chunk: Bytes): void;
  /**
   * The next whole frame, or `undefined` when more bytes are needed.
   *
   * A frame that breaks a rule throws a {@link SpillwayError} of code `frame-too-large` or `frame-invalid` in its
   * place. The decoder must then be ready to go on behind exactly that frame, for sessions with
   * `invalidFrame: "skip"`. Anything else that is thrown ends the connection as `codec-failed`.
   * Where a broken frame hides where the next one begins, set `lost`.
   */
  next(): Frame | undefined;
  /**
   * There will be no more bytes. After this, `next` returns what is left and then `undefined`, or throws
   * `unexpected-eof` when a frame was cut off.
   */
  end(): void;
  /** Whether a frame has begun and is not whole: what the frame deadline watches. Asked after `next` ran dry. */
  readonly midFrame: boolean;
  /**
   * Whether it cannot tell where the next frame begins, now that `next` has thrown: the connection then ends, even with
   * `invalidFrame: "skip"`. Left out: it always can.
   */
  readonly lost?: boolean;
  /**
   * Whether, once `next` ran dry, neither the decoder nor any frame refers to a chunk that was pushed: frames are strings,
   * numbers, copies. The chunk's memory is then read into again. Left out: false.
   */
  readonly leavesChunks?: boolean;
  /** Whether the frame that `next` gave last is only the beginning of one that was too long. Left out: it never is. */
  readonly truncated?: boolean;
  /** What stood before the frame that `next` gave last. Left out: nothing but what the framing itself needed. */
  readonly header?: Header;
  /**
   * What was pushed and is not part of a frame that was given, in one piece; the caller's. The last call: the connection goes
   * on with another codec (`context.upgrade`). Left out: a connection that began with this codec keeps it.
   */
  unread?(): Bytes;
}

/** Where an {@link Encoder} puts what is to be sent. What is put here in one tick leaves in one write. */
export interface Output {
  /** Appends a string, to be sent as UTF-8. */
  text(text: string): void;
  /** Appends bytes. They must not change afterwards. */
  bytes(bytes: Uint8Array): void;
}

/**
 * Turns frames into bytes. What was encoded for `session.send` or a broadcast may still be dropped (`slowConsumer`): an encoder
 * whose frames depend on the ones before needs the policy `"reset"`.
 */
export interface Encoder<Frame> {
  /**
   * Puts one frame into `output`. If this throws, nothing of the frame is sent.
   *
   * @throws {SpillwayError} `reply-invalid` when this is not a frame of the codec (the handler's fault); anything else
   * that is thrown counts as the codec's own failure
   */
  encode(frame: Frame, output: Output): void;
  /**
   * Puts the one frame that tells the peer why its connection is about to end. Optional: not every protocol has one.
   *
   * `error` has the detail, for protocols that need its words. Its message may quote what a handler threw: send only
   * messages that the codec itself wrote, which are those of `frame-too-large` and `frame-invalid`.
   */
  encodeFault?(reason: CloseReason, output: Output, error: SpillwayError): void;
}

/**
 * A framing: how messages are marked in a stream of bytes.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 * @typeParam Header what stands before the frames that arrive, where a framing has more to say there than a length
 */
export interface Codec<In, Out = In, Header = unknown> {
  /** A decoder for one connection. */
  decoder(): Decoder<In, Header>;
  /** An encoder for one connection; one without state may be shared by all. */
  encoder(): Encoder<Out>;
  /**
   * A decoder for one connection, for sessions with `invalidFrame: "truncate"`: instead of throwing `frame-too-large`
   * it gives the beginning of the frame, as long as the limit allows, says so (`truncated`), and drops the rest. Left out:
   * this codec cannot, and a server with that policy refuses it.
   */
  truncatingDecoder?(): Decoder<In, Header>;
}

/** @throws {TypeError} not a codec */
export function checkCodec(codec: Codec<unknown, never> | undefined): void {
  if (typeof codec?.decoder === "function" && typeof codec.encoder === "function") return;
  const hint = typeof codec === "function" ? ": it is a function, call it" : "";
  throw new TypeError(`codec must have decoder() and encoder(), such as lines()${hint}`);
}

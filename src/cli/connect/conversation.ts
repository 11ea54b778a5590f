import type { Codec, Decoder } from "../../core/codecs/mod.ts";
import { type Bytes, type Connection, SpillwayError } from "../../mod.ts";
import type { Stdio } from "../stdio.ts";

/** A connection of `spillway connect`, and how it is used. */
export interface Conversation {
  readonly connection: Connection;
  readonly codec: Codec<Bytes, Uint8Array>;
  /** Whether the codec has no frames: bytes pass as they come. */
  readonly unframed: boolean;
  /** Whether frames are written as hexadecimal digits, on both sides. */
  readonly hex: boolean;
  /** Whether the time of each reply is told. */
  readonly verbose: boolean;
  /** The longest payload, in bytes. */
  readonly maxFrameBytes: number;
  /** The time without a byte in either direction that a peer has to take output, and to end after the input has. */
  readonly waitMs: number;
  readonly stdio: Stdio;
}

/** Frames are handed on in groups of this many. */
const GROUP = 1_024;

/**
 * Reads frames to the peer's FIN. `onFrames` gets them in groups, in order; the next bytes are read when it has settled.
 *
 * @throws {SpillwayError} the connection broke, a frame is invalid or cut off
 */
export async function receiveFrames(
  connection: Connection,
  decoder: Decoder<Bytes>,
  onFrames: (frames: readonly Bytes[]) => Promise<void>,
): Promise<void> {
  const reader = connection.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) decoder.end();
    else decoder.push(value);
    let frames: Bytes[] = [];
    try {
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        frames.push(frame);
        if (frames.length < GROUP) continue;
        await onFrames(frames);
        frames = [];
      }
    } finally {
      // Frames before an invalid one are delivered, too.
      if (frames.length > 0) await onFrames(frames);
    }
    if (done) return;
  }
}

/** Writes to stderr; fulfils when stderr has taken it. */
export function writeErr({ err }: Stdio, text: string): Promise<void> {
  return new Promise((resolve) => {
    err(text, () => resolve());
  });
}

/** Returns the error of a peer from which, and to which, nothing has come for too long. */
export function peerSilent(waitMs: number): SpillwayError {
  return new SpillwayError("silence-timeout", `no byte moved for ${waitMs} ms, and --wait allows no more`);
}

/** Returns a duration for people: `0.123 ms`, `45.2 ms`, `1,234 ms`. */
export function replyTime(ms: number): string {
  if (ms < 10) return `${ms.toFixed(3)} ms`;
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${Math.round(ms).toLocaleString("en")} ms`;
}

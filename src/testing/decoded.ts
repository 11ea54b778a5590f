import { type Codec, SpillwayError } from "../core/mod.ts";
import { frameText, shownFrame } from "./frame_text.ts";

/** The result of decoding bytes. */
export interface Decoded {
  /** The frames, and as a trace shows them. */
  readonly frames: readonly unknown[];
  readonly texts: readonly string[];
  readonly shown: readonly string[];
  /** The error that ended the input, by its code; `"incomplete"` for the beginning of a frame. */
  readonly error: string | undefined;
}

/** Decodes bytes that come in these chunks, up to the first error, and the end. */
export function decoded(codec: Codec<unknown, never>, chunks: readonly Uint8Array[]): Decoded {
  const decoder = codec.decoder();
  const found = { frames: [] as unknown[], texts: [] as string[], shown: [] as string[] };
  const total = chunks.reduce((bytes, { length }) => bytes + length, 0);
  const take = (): string | undefined => {
    try {
      for (;;) {
        const frame = decoder.next();
        if (frame === undefined) return undefined;
        // At once: a frame may be a view of a chunk.
        found.frames.push(frame instanceof Uint8Array ? frame.slice() : frame);
        found.texts.push(frameText(frame));
        found.shown.push(shownFrame(frame));
        if (found.frames.length > 2 * total + 16) return "more frames than bytes";
      }
    } catch (error) {
      return error instanceof SpillwayError ? error.code : `throws ${shownFrame(String(error))}`;
    }
  };
  for (const chunk of chunks) {
    decoder.push(new Uint8Array(chunk));
    const error = take();
    if (error !== undefined) return { ...found, error };
  }
  decoder.end();
  const error = take();
  return { ...found, error: error === "unexpected-eof" ? "incomplete" : error };
}

/** Encodes a frame. @throws what the encoder throws */
export function encoded(codec: Codec<unknown, unknown>, frame: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  codec.encoder().encode(frame, {
    text: (text) => void parts.push(new TextEncoder().encode(text)),
    bytes: (bytes) => void parts.push(bytes.slice()),
  });
  return joined(parts);
}

/** Returns the bytes of all parts in one array. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((bytes, { length }) => bytes + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

import type { Codec } from "../core/mod.ts";
import { type Decoded, decoded, encoded, joined } from "./decoded.ts";
import { Finding } from "./finding.ts";
import { shownBytes } from "./frame_text.ts";
import type { Random } from "./random.ts";
import type { SampleFrames } from "./sample_frames.ts";

/** A decoder that does not depend on how bytes are cut needs no more frames than these to show it. */
const MOST_FRAMES = 5;
const CUTTINGS = 6;

type AnyCodec = Codec<unknown, unknown>;

/**
 * Checks that a codec makes the same frames of the same bytes, however they are cut, and of random bytes the same error.
 *
 * @throws {Finding} `frames-differ`, with the shortest bytes that were found
 */
export function checkChunking(codec: AnyCodec, frames: SampleFrames, random: Random): void {
  const parts: Uint8Array[] = [];
  for (let count = random.between(1, MOST_FRAMES); count > 0; count--) {
    const frame = frames.draw(random);
    if (frame !== undefined) parts.push(frame.bytes);
  }
  if (random.once(3)) parts.push(Uint8Array.from({ length: random.between(1, 24) }, () => random.below(256)));
  const bytes = joined(parts);
  if (bytes.length < 2 || isUnframed(codec, bytes)) return;
  const whole = decoded(codec, [bytes]);
  for (let count = 0; count < CUTTINGS; count++) {
    const cuts = count === 0 ? everyPlace(bytes) : drawCuts(bytes, random);
    if (same(whole, decoded(codec, cut(bytes, cuts)))) continue;
    throw differ(codec, ...shortest(codec, parts, bytes, cuts));
  }
}

/** Checks that a codec decodes what it encodes. @throws {Finding} `frame-undecodable` */
export function checkRoundTrip(codec: AnyCodec, frame: unknown, shown: string): void {
  let bytes: Uint8Array;
  try {
    bytes = encoded(codec, frame);
  } catch {
    // The server reports it.
    return;
  }
  if (bytes.length === 0) return;
  const { frames, error, shown: got } = decoded(codec, [bytes]);
  if (frames.length === 1 && error === undefined) return;
  const made = [...got, ...(error === undefined ? [] : [error])].join(", ");
  throw new Finding(
    "frame-undecodable",
    `the codec encodes the reply ${shown} as ${shownBytes(bytes)}, which it decodes as ${frames.length} frames: ${made || "nothing"}`,
  );
}

/** Whether frames are pieces of a stream, as those of `bytes()`: they depend on the cuts, and only their sum does not. */
export function isUnframed(codec: AnyCodec, bytes: Uint8Array): boolean {
  const apart = decoded(codec, cut(bytes, everyPlace(bytes)));
  const isBytes = apart.frames.every((frame) => frame instanceof Uint8Array);
  return apart.frames.length === bytes.length && bytes.length > 1 && isBytes;
}

function same(one: Decoded, other: Decoded): boolean {
  return (
    one.error === other.error &&
    one.texts.length === other.texts.length &&
    one.texts.every((text, at) => text === other.texts[at])
  );
}

/** Finds fewer frames and one cut that are enough, if there are. */
function shortest(
  codec: AnyCodec,
  parts: readonly Uint8Array[],
  bytes: Uint8Array,
  cuts: readonly number[],
): [Uint8Array, readonly number[]] {
  for (let length = 1; length <= parts.length; length++)
    for (let from = 0; from + length <= parts.length; from++) {
      const few = joined(parts.slice(from, from + length));
      const whole = decoded(codec, [few]);
      for (let at = 1; at < few.length; at++) if (!same(whole, decoded(codec, cut(few, [at])))) return [few, [at]];
    }
  return [bytes, cuts];
}

function differ(codec: AnyCodec, bytes: Uint8Array, cuts: readonly number[]): Finding {
  const where =
    cuts.length === 1
      ? `after byte ${cuts[0]}`
      : cuts.length === bytes.length - 1
        ? "everywhere"
        : `after bytes ${cuts.join(", ")}`;
  return new Finding(
    "frames-differ",
    `the decoder makes other frames of the same bytes when they are cut: ${shownBytes(bytes)} in one piece is ${madeText(decoded(codec, [bytes]))}; cut ${where}, it is ${madeText(decoded(codec, cut(bytes, cuts)))}`,
  );
}

function madeText({ shown, error }: Decoded): string {
  return [...shown, ...(error === undefined ? [] : [`then ${error}`])].join(", ") || "no frame";
}

function everyPlace(bytes: Uint8Array): number[] {
  return Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);
}

function drawCuts(bytes: Uint8Array, random: Random): number[] {
  const cuts = new Set<number>();
  for (let count = random.between(1, 4); count > 0; count--) cuts.add(random.between(1, bytes.length - 1));
  return [...cuts].toSorted((one, other) => one - other);
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  return [...cuts, bytes.length].map((end, at) => bytes.subarray(cuts[at - 1] ?? 0, end));
}

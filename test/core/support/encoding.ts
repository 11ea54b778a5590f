import type { Encoder } from "../../../src/core/codecs/mod.ts";
import type { Bytes } from "../../../src/core/mod.ts";
import { encoderStreamIn } from "../../../src/core/streams/encoder_stream.ts";
import { afterTick } from "../../../src/core/time/clock.ts";
import { Scheduler } from "../../../src/core/time/scheduler.ts";
import { manualClock } from "../../../src/testing/mod.ts";
import { bounded } from "../../support/bounded.ts";

/** The most bytes of a chunk. */
export const FULL_BYTES = 65_536;

export const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Counts slices in frames alone, whatever else the machine does. */
const SCHEDULER = new Scheduler(manualClock(), afterTick, Infinity);

/** As `encoderStream`, in slices of that. */
export const encoderStream = <Frame>(codec: { encoder(): Encoder<Frame> }) => encoderStreamIn(SCHEDULER, codec);

/** A stream that encodes, with both ends in hand. */
export function opened<Frame>(codec: { encoder(): Encoder<Frame> }) {
  const { readable, writable } = encoderStream(codec);
  return { readable, writable, reader: readable.getReader(), writer: writable.getWriter() };
}

/** An encoder of bytes as they are. */
export const plain = { encoder: (): Encoder<Uint8Array> => ({ encode: (frame, output) => output.bytes(frame) }) };

export async function drained(readable: ReadableStream<Bytes>): Promise<Bytes[]> {
  const chunks: Bytes[] = [];
  const step = bounded();
  for await (const chunk of readable) if (step()) chunks.push(chunk);
  return chunks;
}

export const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);
export const joined = (frames: readonly string[]): string => frames.map((frame) => `${frame}\n`).join("");

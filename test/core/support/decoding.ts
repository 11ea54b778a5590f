import type { Decoder } from "../../../src/core/codecs/mod.ts";
import type { Bytes, SpillwayError } from "../../../src/core/mod.ts";
import { decoderStreamIn } from "../../../src/core/streams/decoder_stream.ts";
import { afterTick } from "../../../src/core/time/clock.ts";
import { Scheduler } from "../../../src/core/time/scheduler.ts";
import { manualClock } from "../../../src/testing/mod.ts";
import { bounded } from "../../support/bounded.ts";
import { frameText } from "../codecs/support/decode.ts";

export const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);

/** Counts slices in frames alone, whatever else the machine does. */
const SCHEDULER = new Scheduler(manualClock(), afterTick, Infinity);

/** As `decoderStream`, in slices of that. */
export const decoderStream = <Frame>(codec: { decoder(): Decoder<Frame> }) => decoderStreamIn(SCHEDULER, codec);

/** The frames, and at their end `!code` when the stream failed. */
export async function drained(readable: ReadableStream<unknown>): Promise<string[]> {
  const given: string[] = [];
  try {
    const step = bounded();
    for await (const frame of readable) if (step()) given.push(frameText(frame));
  } catch (error) {
    given.push(`!${(error as SpillwayError).code}`);
  }
  return given;
}

/** A stream that decodes, with both ends in hand. */
export function opened<Frame>(codec: { decoder(): Decoder<Frame> }) {
  const { readable, writable } = decoderStream(codec);
  return { readable, writable, reader: readable.getReader(), writer: writable.getWriter() };
}

import { type Bytes, type CloseReason, type Codec, type Encoder, SpillwayError } from "../../../../src/core/mod.ts";
import { OutputBuffer } from "../../../../src/core/output/output_buffer.ts";
import { bounded } from "../../../support/bounded.ts";
import { textOf } from "./byte_strings.ts";

/** Returns the output of a codec's encoder for these frames, in one piece. */
export function encode<Out>(codec: Codec<unknown, Out>, frames: readonly Out[]): Bytes {
  const encoder = codec.encoder();
  const output = new OutputBuffer();
  for (const frame of frames) output.frame(encoder, frame);
  return taken(output);
}

/** Returns the error with which the encoder refuses a frame, and the number of bytes of it that went out. */
export function refusal(codec: Codec<unknown, never>, frame: unknown): { error: unknown; bytes: number } {
  const output = new OutputBuffer();
  try {
    output.frame(codec.encoder(), frame as never);
    return { error: undefined, bytes: output.length };
  } catch (error) {
    return { error, bytes: output.length };
  }
}

/** Returns the text of the encoder at an end; `undefined` when it never has one. */
export function faultText(encoder: Encoder<never>, reason: CloseReason, message: string = "why"): string | undefined {
  const output = new OutputBuffer();
  if (encoder.encodeFault === undefined) return undefined;
  encoder.encodeFault(reason, output, new SpillwayError(reason, message));
  return textOf(taken(output));
}

function taken(output: OutputBuffer): Bytes {
  const parts: Uint8Array[] = [];
  for (const step = bounded(); output.length > 0 && step(); ) parts.push(output.take());
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

import { describe } from "../errors/describe.ts";
import { SpillwayError } from "../errors/errors.ts";
import type { BusFrames } from "./bus.ts";
import { FORM, type Form } from "./wire.ts";

/** A frame as bytes. */
export interface FrameValue {
  readonly form: Form;
  readonly payload: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Returns a frame as bytes. @throws {SpillwayError} `bus-frame-invalid`: it has no such form */
export function encodeValue(frame: unknown, own: BusFrames | undefined): FrameValue {
  if (own !== undefined) return { form: FORM.own, payload: encodeOwn(frame, own) };
  if (typeof frame === "string") return { form: FORM.text, payload: encoder.encode(frame) };
  if (frame instanceof Uint8Array) return { form: FORM.bytes, payload: frame };
  return { form: FORM.json, payload: encoder.encode(toJson(frame)) };
}

/** Returns the frame that bytes stand for. @throws the error of JSON or of the service's own form */
export function decodeValue({ form, payload }: FrameValue, own: BusFrames | undefined): unknown {
  if (form === FORM.bytes) return payload;
  if (form === FORM.text) return decoder.decode(payload);
  if (form === FORM.json) return JSON.parse(decoder.decode(payload)) as unknown;
  if (own === undefined) throw new TypeError("it has a form that the option bus.frames would read");
  return own.decode(payload);
}

function encodeOwn(frame: unknown, own: BusFrames): Uint8Array {
  let payload: unknown;
  try {
    payload = own.encode(frame as never);
  } catch (cause) {
    throw invalid(`bus.frames.encode threw: ${describe(cause)}`, cause);
  }
  if (payload instanceof Uint8Array) return payload;
  throw invalid(`bus.frames.encode returned ${typeof payload}, not a Uint8Array`);
}

function toJson(frame: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(frame) as string | undefined;
  } catch (cause) {
    throw invalid(`the frame cannot cross between servers as JSON: ${describe(cause)}; see bus.frames`, cause);
  }
  if (text !== undefined) return text;
  throw invalid(`the frame is ${typeof frame}, which has no form in JSON; see bus.frames`);
}

function invalid(message: string, cause?: unknown): SpillwayError {
  return new SpillwayError("bus-frame-invalid", message, { cause });
}

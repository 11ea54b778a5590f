import { SpillwayError } from "../errors/errors.ts";
import { encodeText } from "./slab.ts";

/** The payload that codecs of bytes send: bytes, or text as UTF-8. */
export type Payload = Uint8Array | string;

/**
 * Returns the bytes of a payload.
 *
 * @throws {SpillwayError} `reply-invalid` if it is neither a `Uint8Array` nor a string
 */
export function payloadBytes(payload: Payload): Uint8Array {
  if (typeof payload === "string") return encodeText(payload);
  if (payload instanceof Uint8Array) return payload;
  const actual = payload === null ? "null" : typeof payload;
  throw new SpillwayError("reply-invalid", `a payload must be a Uint8Array or a string, not ${actual}`);
}

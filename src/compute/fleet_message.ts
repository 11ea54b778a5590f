/**
 * The messages between a fleet and its workers: one character for the kind, and the rest. A request is `t` and text in UTF-8,
 * `b` and bytes, or `j` and JSON. A reply is the same, or `n` (no reply), `e` and an error as JSON, or `r` (refused: not handled).
 */
import { describe, type ErrorText, takeApart } from "../core/mod.ts";

/** The reply of a worker. */
export type WorkerReply =
  | { readonly kind: "reply"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: ErrorText }
  | { readonly kind: "refused" };

const TEXT = 0x74;
const BYTES = 0x62;
const JSON_VALUE = 0x6a;
const NONE = 0x6e;
const ERROR = 0x65;
const REFUSED = 0x72;
const GOODBYE = 0x67;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The reply to a frame that was not handled, and may go to another worker. */
export const REFUSAL: Uint8Array = Uint8Array.of(REFUSED);

/** The last frame of a worker that drains: a request without a reply was not handled. */
export const FAREWELL: Uint8Array = Uint8Array.of(GOODBYE);

export function isFarewell(message: Uint8Array): boolean {
  return message.length === 1 && message[0] === GOODBYE;
}

/** Packs a frame or a reply. @throws {TypeError} it is neither text, nor bytes, nor JSON */
export function packValue(value: unknown): Uint8Array {
  if (typeof value === "string") return encoder.encode(`t${value}`);
  if (value instanceof Uint8Array) {
    const message = new Uint8Array(value.length + 1);
    message[0] = BYTES;
    message.set(value, 1);
    return message;
  }
  if (value === undefined) return Uint8Array.of(NONE);
  return encoder.encode(`j${jsonOf(value)}`);
}

export function packError(thrown: unknown): Uint8Array {
  return encoder.encode(`e${JSON.stringify(takeApart(thrown))}`);
}

/** Unpacks a request. @throws {TypeError} it is none */
export function unpackRequest(message: Uint8Array): unknown {
  const value = unpackValue(message);
  if (value === NOT_A_VALUE)
    throw new TypeError("a request that begins with neither t, b nor j: the requester is no fleet");
  return value;
}

/** Unpacks a reply. @throws {TypeError} it is none */
export function unpackReply(message: Uint8Array): WorkerReply {
  switch (message[0]) {
    case NONE:
      return { kind: "reply", value: undefined };
    case ERROR:
      return { kind: "error", error: errorText(message) };
    case REFUSED:
      return { kind: "refused" };
    default: {
      const value = unpackValue(message);
      if (value === NOT_A_VALUE)
        throw new TypeError("a reply that begins with none of t, b, j, n, e, r: no worker of a fleet");
      return { kind: "reply", value };
    }
  }
}

const NOT_A_VALUE = Symbol("not a value");

function unpackValue(message: Uint8Array): unknown {
  switch (message[0]) {
    case TEXT:
      return decoder.decode(message.subarray(1));
    case BYTES:
      // A copy: the message may be a part of a large chunk, or of a buffer that its library uses again.
      return new Uint8Array(message.subarray(1));
    case JSON_VALUE:
      return JSON.parse(decoder.decode(message.subarray(1))) as unknown;
    default:
      return NOT_A_VALUE;
  }
}

function jsonOf(value: unknown): string {
  if (typeof value === "object" && value !== null && Symbol.asyncIterator in value) {
    throw new TypeError("a fleet gives one reply for a frame, not a stream of them");
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`a fleet carries text, bytes and JSON: ${describe(cause)}`, { cause });
  }
  if (text === undefined) throw new TypeError(`a fleet carries text, bytes and JSON, not ${typeof value}`);
  return text;
}

function errorText(message: Uint8Array): ErrorText {
  const error = JSON.parse(decoder.decode(message.subarray(1))) as ErrorText;
  if (typeof error !== "object" || error === null || typeof error.message !== "string") {
    throw new TypeError("an error without a message");
  }
  return error;
}

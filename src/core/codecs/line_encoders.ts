import type { Encoder, Output } from "../codec.ts";
import { type CloseReason, SpillwayError } from "../errors.ts";
import type { Bytes } from "../transport.ts";
import { encodeLatin1 } from "./latin1.ts";

const LF = 0x0a;
const LF_TEXT = "\n";
const LF_BYTES: Bytes = new Uint8Array([LF]);

/* Lines without state: one encoder of a kind serves all connections. */

export const utf8Encoder: Encoder<string> = {
  encode(frame: string, output: Output): void {
    checkLine(frame);
    output.text(frame);
    output.text(LF_TEXT);
  },
  encodeFault,
};

export const latin1Encoder: Encoder<string> = {
  encode(frame: string, output: Output): void {
    checkLine(frame);
    output.bytes(encodeLatin1(frame));
    output.bytes(LF_BYTES);
  },
  encodeFault,
};

export const bytesEncoder: Encoder<Uint8Array> = {
  encode(frame: Uint8Array, output: Output): void {
    if (!(frame instanceof Uint8Array)) throw notALine("a Uint8Array", frame);
    if (frame.includes(LF)) throw lineBreak();
    output.bytes(frame);
    output.bytes(LF_BYTES);
  },
  encodeFault,
};

function encodeFault(reason: CloseReason, output: Output): void {
  output.text(`error: ${reason}\n`);
}

function checkLine(frame: unknown): void {
  if (typeof frame !== "string") throw notALine("a string", frame);
  if (frame.includes(LF_TEXT)) throw lineBreak();
}

function notALine(expected: string, frame: unknown): SpillwayError {
  const actual = frame === null ? "null" : typeof frame;
  return new SpillwayError("reply-invalid", `a line must be ${expected}, not ${actual}`);
}

function lineBreak(): SpillwayError {
  return new SpillwayError("reply-invalid", "a line cannot contain a line break: it would be read as two lines");
}

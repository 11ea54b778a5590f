import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Encoder, Output } from "./codec.ts";
import { encodeLatin1 } from "./latin1.ts";
import { NEAR_BYTES } from "./word_search.ts";

/** Longer text is not joined to its terminator, because that would copy it. */
const LONG_TEXT = 4_096;

/** The end of a line that is sent. */
export type LineTerminator = "\n" | "\r\n";

/* The encoders have no state: one encoder of each kind serves all connections. */

/**
 * An output that accepts a whole line of bytes, as that of a session does: it searches the copy that it makes anyway.
 */
export abstract class LineOutput implements Output {
  abstract text(text: string): void;
  abstract bytes(bytes: Uint8Array): void;
  /**
   * Appends the payload and the terminator, unless the payload contains a byte of the terminator. Returns whether it
   * did.
   */
  abstract line(payload: Uint8Array, terminator: Bytes): boolean;
}

export function utf8Encoder(terminator: LineTerminator): Encoder<string> {
  return {
    encode(frame: string, output: Output): void {
      checkText(frame, terminator);
      if (frame.length < LONG_TEXT) return output.text(frame + terminator);
      output.text(frame);
      output.text(terminator);
    },
    encodeFault: faultEncoder(terminator),
  };
}

export function latin1Encoder(terminator: LineTerminator): Encoder<string> {
  const terminatorBytes = encodeLatin1(terminator);
  return {
    encode(frame: string, output: Output): void {
      checkText(frame, terminator);
      output.bytes(encodeLatin1(frame));
      output.bytes(terminatorBytes);
    },
    encodeFault: faultEncoder(terminator),
  };
}

export function bytesEncoder(terminator: LineTerminator): Encoder<Uint8Array> {
  const terminatorBytes = encodeLatin1(terminator);
  return {
    encode(frame: Uint8Array, output: Output): void {
      if (!(frame instanceof Uint8Array)) throw notALine("a Uint8Array", frame);
      if (!putLine(output, frame, terminatorBytes)) throw lineBreak();
    },
    encodeFault: faultEncoder(terminator),
  };
}

function putLine(output: Output, payload: Uint8Array, terminator: Bytes): boolean {
  if (payload.length <= NEAR_BYTES && output instanceof LineOutput) return output.line(payload, terminator);
  // oxlint-disable-next-line typescript/prefer-includes -- it takes twice as long on Node
  if (terminator.some((byte) => payload.indexOf(byte) >= 0)) return false;
  output.bytes(payload);
  output.bytes(terminator);
  return true;
}

function faultEncoder(terminator: LineTerminator): (reason: CloseReason, output: Output) => void {
  return (reason, output) => output.text(`error: ${reason}${terminator}`);
}

function checkText(frame: unknown, terminator: LineTerminator): void {
  if (typeof frame !== "string") throw notALine("a string", frame);
  if (frame.includes("\n") || (crBreaks(terminator) && frame.includes("\r"))) throw lineBreak();
}

/**
 * Reports whether a CR in a reply counts as a line break too: a peer that expects CRLF may accept either half of it as
 * one.
 */
function crBreaks(terminator: LineTerminator): boolean {
  return terminator !== "\n";
}

function notALine(expected: string, frame: unknown): SpillwayError {
  const actual = frame === null ? "null" : typeof frame;
  return new SpillwayError("reply-invalid", `a line must be ${expected}, not ${actual}`);
}

function lineBreak(): SpillwayError {
  return new SpillwayError("reply-invalid", "a line cannot contain a line break: it would be read as two lines");
}

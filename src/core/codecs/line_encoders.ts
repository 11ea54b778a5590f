import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import type { Encoder, Output } from "./codec.ts";
import { encodeLatin1 } from "./latin1.ts";

const LF = 0x0a;
const CR = 0x0d;

/** What ends a line that is sent. */
export type LineTerminator = "\n" | "\r\n";

/* Lines without state: one encoder of a kind serves all connections. */

export function utf8Encoder(terminator: LineTerminator): Encoder<string> {
  return {
    encode(frame: string, output: Output): void {
      checkText(frame, terminator);
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
      if (frame.includes(LF) || (crBreaks(terminator) && frame.includes(CR))) throw lineBreak();
      output.bytes(frame);
      output.bytes(terminatorBytes);
    },
    encodeFault: faultEncoder(terminator),
  };
}

function faultEncoder(terminator: LineTerminator): (reason: CloseReason, output: Output) => void {
  return (reason, output) => output.text(`error: ${reason}${terminator}`);
}

function checkText(frame: unknown, terminator: LineTerminator): void {
  if (typeof frame !== "string") throw notALine("a string", frame);
  if (frame.includes("\n") || (crBreaks(terminator) && frame.includes("\r"))) throw lineBreak();
}

/** Whether a CR in a reply is a line break, too: peers that want CRLF may take either half of it for one. */
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

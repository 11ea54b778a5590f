// The framing of Redis, version 2 (RESP2). A command is an array of bulk strings, or a typed line.
import { type Bytes, type Codec, type Decoder, SpillwayError } from "spillway";
import { InputBuffer } from "spillway/codecs";
import { splitInline } from "./inline.ts";
import { type RespLimits, resolveLimits } from "./limits.ts";
import { type Reply, replyEncoder } from "./replies.ts";

/** A name and its arguments. Each has its own bytes. */
export type Command = readonly Bytes[];

/**
 * As in Redis, a malformed command ends the connection. The connection cannot be upgraded, because the decoder takes the
 * arguments of an incomplete command.
 *
 * @throws {RangeError} for a limit that is not a whole number of at least 1, or `Infinity`
 */
export function resp(options: Partial<RespLimits> = {}): Codec<Command, Reply> {
  const limits = resolveLimits(options);
  return { decoder: () => new CommandDecoder(limits), encoder: () => replyEncoder };
}

const STAR = 0x2a;
const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
/** The number after `*` or `$`, small enough to be exact in a double. An array of less than one string is skipped. */
const COUNT = /^(-?\d{1,15})$/;
const LENGTH = /^(\d{1,15})$/;
const text = new TextDecoder("utf-8", { ignoreBOM: true });

class CommandDecoder implements Decoder<Command> {
  readonly leavesChunks = true;
  lost = false;
  readonly #limits: RespLimits;
  readonly #input = new InputBuffer();
  /** The incomplete array: its strings so far, their bytes, and the number of missing strings. */
  #words: Bytes[] = [];
  #bytes = 0;
  #missing = 0;
  /** The length of the next string; `undefined` if a line is next. */
  #length: number | undefined;
  #ended = false;

  constructor(limits: RespLimits) {
    this.#limits = limits;
  }

  get midFrame(): boolean {
    return this.#missing > 0 || this.#input.length > 0;
  }

  push(chunk: Bytes): void {
    if (!this.lost) this.#input.push(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  next(): Command | undefined {
    if (this.lost) return undefined;
    this.lost = true; // for as long as something may be thrown
    const command = this.#decode();
    this.lost = command === undefined && this.#ended && this.midFrame;
    if (this.lost) throw new SpillwayError("unexpected-eof", "the input ended in the middle of a command");
    return command;
  }

  #decode(): Command | undefined {
    const { maxLineBytes } = this.#limits;
    for (;;) {
      const length = this.#length;
      const part = length === undefined ? this.#input.takeLine(maxLineBytes) : this.#input.take(length + 2);
      if (part === undefined) return undefined;
      const command = length === undefined ? this.#readLine(part) : this.#readBulk(part, length);
      if (command !== undefined && command.length > 0) return command;
    }
  }

  /** A line that announces a bulk string or an array, or an inline command. */
  #readLine(line: Bytes): Command | undefined {
    const { maxArguments, maxFrameBytes } = this.#limits;
    if (this.#missing > 0) {
      if (line[0] !== DOLLAR) throw new SpillwayError("frame-invalid", `expected '$', got '${shown(line[0])}'`);
      this.#length = numberIn(line, LENGTH, maxFrameBytes - this.#bytes, "invalid bulk length");
    } else if (line[0] === STAR) {
      this.#missing = Math.max(0, numberIn(line, COUNT, maxArguments, "invalid multibulk length"));
    } else return splitInline(line, maxArguments);
    return undefined;
  }

  /** Takes an argument and CRLF. Returns the command after the last argument. */
  #readBulk(bulk: Bytes, length: number): Command | undefined {
    if (bulk[length] !== CR || bulk[length + 1] !== LF)
      throw new SpillwayError("frame-invalid", "no CRLF behind a bulk string");
    this.#words.push(bulk.subarray(0, length));
    this.#bytes += length;
    this.#length = undefined;
    this.#missing -= 1;
    if (this.#missing > 0) return undefined;
    this.#bytes = 0;
    return this.#words.splice(0);
  }
}

/** The number after the first byte of a line. As in Redis, a malformed number and one that is too large give the same error. */
function numberIn(line: Bytes, pattern: RegExp, most: number, wrong: string): number {
  const number = Number(pattern.exec(text.decode(line.subarray(1)))?.[1]);
  if (Number.isNaN(number)) throw new SpillwayError("frame-invalid", wrong);
  if (number > most) throw new SpillwayError("frame-too-large", wrong);
  return number;
}

/** A byte from the peer, for a reply. */
function shown(byte: number | undefined): string {
  return byte !== undefined && byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?";
}

// The framing of Redis in its second version, RESP2. A command is an array of bulk strings, or a line that somebody types.
import { type Bytes, type Codec, type Decoder, SpillwayError } from "spillway";
import { InputBuffer } from "spillway/codecs";
import { splitInline } from "./inline.ts";
import { type RespLimits, resolveLimits } from "./limits.ts";
import { type Reply, replyEncoder } from "./replies.ts";

/** A name and its arguments, at least the name. Each has bytes of its own. */
export type Command = readonly Bytes[];

/**
 * As in Redis, whatever is wrong with a command ends the connection. It cannot be upgraded either: of a command that has
 * begun, the first arguments are taken.
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
/** Behind `*` or `$`, with digits that a double holds exactly. An array of less than one is no command, and is skipped. */
const COUNT = /^(-?\d{1,15})$/;
const LENGTH = /^(\d{1,15})$/;
const text = new TextDecoder("utf-8", { ignoreBOM: true });

class CommandDecoder implements Decoder<Command> {
  readonly leavesChunks = true;
  lost = false;
  readonly #limits: RespLimits;
  readonly #input = new InputBuffer();
  /** Of the array that has begun: its strings and their bytes so far, and how many strings are missing. */
  #words: Bytes[] = [];
  #bytes = 0;
  #missing = 0;
  /** Of the string that comes next; `undefined` where a line comes next. */
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

  /** What announces a bulk string or an array, or an inline command. */
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

  /** An argument, and CRLF: the command, if it was the last. */
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

/** The number behind the first byte of such a line. Redis tells a wrong one and one that is too large in the same words. */
function numberIn(line: Bytes, pattern: RegExp, most: number, wrong: string): number {
  const number = Number(pattern.exec(text.decode(line.subarray(1)))?.[1]);
  if (Number.isNaN(number)) throw new SpillwayError("frame-invalid", wrong);
  if (number > most) throw new SpillwayError("frame-too-large", wrong);
  return number;
}

/** A byte of the peer's, in a reply. */
function shown(byte: number | undefined): string {
  return byte !== undefined && byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?";
}

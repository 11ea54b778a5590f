// The framing of Redis in its second version, RESP2. A command is an array of bulk strings, or a line that somebody types.
import { type Bytes, type Codec, type Decoder, SpillwayError } from "spillway";
import { InputBuffer } from "spillway/codecs";
import { splitInline } from "./inline.ts";
import { type RespLimits, resolveLimits } from "./limits.ts";
import { type Reply, replyEncoder } from "./replies.ts";

/** A name and its arguments, at least the name. Each has bytes of its own. */
export type Command = readonly Bytes[];

/** As in Redis, whatever is wrong with a command ends the connection. @throws {RangeError} for a limit below 1 */
export function resp(options: Partial<RespLimits> = {}): Codec<Command, Reply> {
  const limits = resolveLimits(options);
  return { decoder: () => new CommandDecoder(limits), encoder: () => replyEncoder };
}

const STAR = 0x2a;
const CRLF = "\r\n";
/** `*2` and `$5`, with digits that a double holds exactly. `*-1` is no array, and so no command. */
const COUNT = /^\*(-1|\d{1,15})$/;
const LENGTH = /^\$(\d{1,15})$/;
const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

class CommandDecoder implements Decoder<Command> {
  readonly leavesChunks = true;
  lost = false;
  readonly #limits: RespLimits;
  readonly #input = new InputBuffer();
  /** Of the array that has begun: what is there, how many are missing, and how many bytes those may have. */
  #words: Bytes[] = [];
  #missing = 0;
  #room = 0;
  /** Of the bulk string that comes next; `undefined` while a line comes next. */
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
    for (;;) {
      const length = this.#length;
      const isLine = length === undefined;
      const part = isLine ? this.#input.takeLine(this.#limits.maxLineBytes) : this.#input.take(length + CRLF.length);
      if (part === undefined) return undefined;
      const command = isLine ? this.#readLine(part) : this.#readBulk(part);
      if (command !== undefined && command.length > 0) return command;
    }
  }

  /** What announces a bulk string or an array, or an inline command. */
  #readLine(line: Bytes): Command | undefined {
    const { maxArguments, maxFrameBytes } = this.#limits;
    if (this.#missing > 0) this.#length = numberIn(line, LENGTH, this.#room);
    else if (line[0] !== STAR) return splitInline(line, maxArguments);
    else [this.#missing, this.#room] = [numberIn(line, COUNT, maxArguments), maxFrameBytes];
    return undefined;
  }

  /** An argument, and CRLF: the command, if it was the last. */
  #readBulk(bulk: Bytes): Command | undefined {
    const length = bulk.length - CRLF.length;
    if (ascii.decode(bulk.subarray(length)) !== CRLF)
      throw new SpillwayError("frame-invalid", "no CRLF where one is due");
    this.#words.push(bulk.subarray(0, length));
    this.#room -= length;
    this.#length = undefined;
    this.#missing -= 1;
    return this.#missing === 0 ? this.#words.splice(0) : undefined;
  }
}

function numberIn(line: Bytes, pattern: RegExp, most: number): number {
  const number = Number(pattern.exec(ascii.decode(line))?.[1]);
  if (Number.isNaN(number)) throw new SpillwayError("frame-invalid", `not ${pattern}`);
  if (number > most) throw new SpillwayError("frame-too-large", `${number}, where at most ${most} are allowed`);
  return number;
}

// The framing of Redis in its second version, RESP2. A command is an array of bulk strings, or a line that somebody types.
import { type Bytes, type Codec, type Decoder, SpillwayError } from "spillway";
import { splitInline } from "./inline.ts";
import { type Reply, replyEncoder } from "./replies.ts";
import { Unread } from "./unread.ts";

/** A name and its arguments, at least the name. Each has bytes of its own. */
export type Command = readonly Bytes[];

/** What a command may be. Each limit is a whole number of at least 1; `Infinity` turns it off. */
export interface RespLimits {
  /** Bytes of the name and all arguments together. Default 1 MiB. */
  readonly maxFrameBytes: number;
  /** How many there may be, the name among them. Default 1024. */
  readonly maxArguments: number;
  /** Bytes of an inline command, without its line end. Default 65536. */
  readonly maxInlineBytes: number;
}

const DEFAULTS: RespLimits = { maxFrameBytes: 1_048_576, maxArguments: 1_024, maxInlineBytes: 65_536 };

/** @throws {RangeError} for a limit that is not a whole number of at least 1, or `Infinity` */
export function resp(options: Partial<RespLimits> = {}): Codec<Command, Reply> {
  const limits = { ...DEFAULTS, ...options };
  for (const [name, limit] of Object.entries(limits)) {
    if (limit >= 1 && (Number.isSafeInteger(limit) || limit === Infinity)) continue;
    throw new RangeError(`${name} must be a whole number of at least 1 (Infinity turns it off), not ${limit}`);
  }
  return { decoder: () => new CommandDecoder(limits), encoder: () => replyEncoder };
}

class CommandDecoder implements Decoder<Command> {
  readonly leavesChunks = true;
  midFrame = false;
  lost = false;
  readonly #unread = new Unread();
  readonly #steps: Steps<SpillwayError>;
  #ended = false;

  constructor(limits: RespLimits) {
    this.#steps = decode(this.#unread, limits);
  }

  push(chunk: Bytes): void {
    if (!this.lost) this.#unread.push(chunk);
  }

  next(): Command | undefined {
    const { value, done = false } = this.#steps.next();
    this.midFrame = value === "more" && !this.#ended;
    if (value instanceof SpillwayError) {
      this.lost = done;
      throw value;
    }
    if (value !== "more") return value;
    if (this.#ended) throw this.#cutOff();
    this.#unread.leaveChunk();
    return undefined;
  }

  end(): void {
    this.#ended = true;
  }

  #cutOff(): SpillwayError {
    const error = new SpillwayError("unexpected-eof", "the input ended in the middle of a command");
    this.#steps.return(error);
    return error;
  }
}

/**
 * What comes of the bytes, step by step: a command, or what is wrong in its place among them; `"more"` while one has begun
 * and is not whole, `undefined` while none has. A generator stops in the middle and goes on from there: no byte is
 * looked at again. What it returns is the error behind which nothing can be decoded.
 */
type Steps<Result> = Generator<Command | SpillwayError | "more" | undefined, Result>;

const LF = 0x0a;
const CR = 0x0d;
const CRLF_LENGTH = 2;
const STAR = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
/** Of a number that a double holds exactly, whatever its digits. */
const MOST_DIGITS = 15;
/** `*` or `$`, the digits, and CR. */
const LONGEST_HEADER = 1 + MOST_DIGITS + 1;

function* decode(unread: Unread, limits: RespLimits): Steps<SpillwayError> {
  for (;;) {
    while (unread.length === 0) yield undefined;
    const command = yield* unread.at(0) === STAR ? takeArray(unread, limits) : takeInline(unread, limits);
    if (command instanceof SpillwayError) return command;
    // An empty line or array is none, and what was too large is gone.
    if (command.length > 0) yield command;
  }
}

/** An array of bulk strings. One that is too large is told at once; the rest of it is dropped, and nothing is left. */
function* takeArray(unread: Unread, { maxArguments, maxFrameBytes }: RespLimits): Steps<Command | SpillwayError> {
  while (!unread.hasLine(LONGEST_HEADER)) yield "more";
  const count = takeNumber(unread, STAR);
  if (count === undefined) return invalid("* needs a number");
  const command: Bytes[] = [];
  let room = count > maxArguments ? -1 : maxFrameBytes;
  if (room < 0) yield tooLarge(`${maxArguments} arguments`);
  for (let missing = count; missing > 0; missing--) {
    while (!unread.hasLine(LONGEST_HEADER)) yield "more";
    const length = takeNumber(unread, DOLLAR);
    if (length === undefined) return invalid("a bulk string needs $ and a number");
    if (room >= 0 && room < length) yield tooLarge(`${maxFrameBytes} bytes`);
    room -= length;
    if (room < 0) yield* drop(unread, length);
    const kept = room < 0 ? 0 : length;
    while (unread.length < kept + CRLF_LENGTH) yield "more";
    const bulk = takeBulk(unread, kept);
    if (bulk === undefined) return invalid("a bulk string needs CRLF behind it");
    if (room < 0) command.length = 0;
    else command.push(bulk);
  }
  return command;
}

/** Takes `*2` or `$5`, and CRLF; `undefined` when something else is there. */
function takeNumber(unread: Unread, type: number): number | undefined {
  let number = 0;
  let at = 1;
  for (; at <= MOST_DIGITS; at++) {
    const digit = (unread.at(at) ?? CR) - ZERO;
    if (digit < 0 || digit > 9) break;
    number = 10 * number + digit;
  }
  if (unread.at(0) !== type || at === 1 || !isCrlf(unread, at)) return undefined;
  unread.drop(at + CRLF_LENGTH);
  return number;
}

/** Takes so many bytes, and CRLF; `undefined` when something else is behind them. */
function takeBulk(unread: Unread, length: number): Bytes | undefined {
  if (!isCrlf(unread, length)) return undefined;
  const bulk = unread.take(length);
  unread.drop(CRLF_LENGTH);
  return bulk;
}

function isCrlf(unread: Unread, at: number): boolean {
  return unread.at(at) === CR && unread.at(at + 1) === LF;
}

/** A line that somebody types. */
function* takeInline(unread: Unread, { maxArguments, maxInlineBytes }: RespLimits): Steps<Command> {
  while (!unread.hasLine(maxInlineBytes + 1)) yield "more";
  const line = withoutCr(unread.takeLine(maxInlineBytes + 1));
  if (line === undefined || line.length > maxInlineBytes) {
    yield tooLarge(`a line of ${maxInlineBytes} bytes`);
    if (line === undefined) yield* dropLine(unread);
    return [];
  }
  const command = splitInline(line);
  if (command === undefined) yield invalid("a quote without its end");
  else if (command.length > maxArguments) yield tooLarge(`${maxArguments} arguments`);
  else return command;
  return [];
}

function* drop(unread: Unread, count: number): Steps<void> {
  for (let left = count - unread.drop(count); left > 0; left -= unread.drop(left)) yield "more";
}

function* dropLine(unread: Unread): Steps<void> {
  while (unread.takeLine(Infinity) === undefined) {
    unread.drop(unread.length);
    yield "more";
  }
}

function withoutCr(line: Bytes | undefined): Bytes | undefined {
  return line?.at(-1) === CR ? line.subarray(0, -1) : line;
}

function invalid(what: string): SpillwayError {
  return new SpillwayError("frame-invalid", `not a command: ${what}`);
}

function tooLarge(most: string): SpillwayError {
  return new SpillwayError("frame-too-large", `a command of more than ${most}`);
}

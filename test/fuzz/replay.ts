import { type Decoder, SpillwayError } from "spillway/core";
import type { Subject } from "./subjects.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** All that `next` may throw. */
const CODES: readonly string[] = ["frame-too-large", "frame-invalid", "unexpected-eof"];

/** The output of a decoder: frames, and errors as `!code`, in their places. */
export interface Replay {
  readonly given: readonly string[];
  /** Which of them are frames. */
  readonly frames: readonly number[];
}

/** Decodes the chunks to their end, and checks what needs no second look. @throws {Error} what is wrong */
export function replay(subject: Subject, chunks: readonly Bytes[]): Replay {
  const decoder = subject.codec.decoder();
  const seen = new Seen(subject, total(chunks));
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (seen.take(decoder));
    if (decoder.lost === true) return seen;
  }
  decoder.end();
  while (seen.take(decoder));
  if (decoder.lost !== true && decoder.midFrame) throw new Error("it is within a frame after the end");
  return seen;
}

/**
 * Decodes up to the `count`-th frame; what a decoder that takes over there has to decode. `undefined` where none may: within
 * a frame that was truncated.
 */
export function leaveBehind(subject: Subject, chunks: readonly Bytes[], count: number): Bytes[] | undefined {
  const decoder = subject.codec.decoder();
  const seen = new Seen(subject, total(chunks));
  for (const [index, chunk] of chunks.entries()) {
    decoder.push(chunk);
    while (seen.take(decoder)) {
      if (seen.frames.length !== count) continue;
      return isWithin(decoder) ? undefined : [restOf(decoder), ...chunks.slice(index + 1)];
    }
  }
  decoder.end();
  while (seen.take(decoder)) {
    if (seen.frames.length === count) return isWithin(decoder) ? undefined : [restOf(decoder)];
  }
  throw new Error(`there is no frame ${count} any more`);
}

/** How much it keeps when all of the chunks were decoded and no frame is whole. */
export function keptOf(subject: Subject, chunks: readonly Bytes[]): number {
  const decoder = subject.codec.decoder();
  const seen = new Seen(subject, total(chunks));
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (seen.take(decoder));
    if (decoder.lost === true) return 0;
  }
  return restOf(decoder).length;
}

function isWithin(decoder: Decoder<unknown>): boolean {
  return decoder.truncated === true && decoder.midFrame;
}

function restOf(decoder: Decoder<unknown>): Bytes {
  if (decoder.unread === undefined) throw new Error("it has no unread()");
  return decoder.unread();
}

class Seen implements Replay {
  readonly given: string[] = [];
  readonly frames: number[] = [];
  readonly #subject: Subject;
  readonly #most: number;

  constructor(subject: Subject, bytes: number) {
    this.#subject = subject;
    // A byte ends at most one frame; the end of the input adds an error or two.
    this.#most = bytes + 2;
  }

  /** Asks once. Whether there may be more. */
  take(decoder: Decoder<unknown>): boolean {
    try {
      const frame = decoder.next();
      if (frame === undefined) return false;
      this.#check(frame);
      this.frames.push(this.given.length);
      this.given.push(decoder.truncated === true ? `${textOf(frame)} truncated` : textOf(frame));
    } catch (error) {
      if (!(error instanceof SpillwayError && CODES.includes(error.code))) throw error;
      this.given.push(`!${error.code}`);
    }
    if (this.given.length > this.#most) throw new Error("it gives more than there can be");
    return decoder.lost !== true;
  }

  #check(frame: unknown): void {
    const { maxFrame } = this.#subject;
    const length =
      typeof frame === "string" ? encoder.encode(frame).length : frame instanceof Uint8Array ? frame.length : 0;
    if (length > maxFrame) throw new Error(`a frame of ${length} bytes, above the limit of ${maxFrame}`);
  }
}

const encoder = new TextEncoder();

function textOf(frame: unknown): string {
  if (frame instanceof Uint8Array) return `bytes ${frame.join(" ")}`;
  return typeof frame === "bigint" ? `${frame}n` : JSON.stringify(frame);
}

function total(chunks: readonly Bytes[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

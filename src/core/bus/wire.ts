/**
 * The form of messages between servers.
 *
 * | message  | bytes |
 * |---|---|
 * | header   | version, kind, origin (6), epoch (4) |
 * | batch    | header, sequence of the first frame, number of frames, and for each: kind, name, except, payload |
 * | beacon   | header, flags, frames dropped, number of topics, and for each: topic, sequence of the next frame |
 * | question | header, number, number of names, and for each: kind, name |
 *
 * Numbers are varints, and texts and payloads follow their length. The *epoch* of a server is the number of its
 * connection to the broker.
 */

const VERSION = 1;
const HEADER_BYTES = 12;
const BATCH = 1;
const BEACON = 2;
const QUESTION = 3;
const LONGEST_VARINT = 8;
/** A message has its header and two numbers before its first frame. */
export const BATCH_HEADER_BYTES: number = HEADER_BYTES + 2 * LONGEST_VARINT;

/** The kinds of recipients, and the answer to a question. */
export const TO = { group: 1, key: 2, session: 3, asker: 4 } as const;
export type RecipientKind = (typeof TO)[keyof typeof TO];

const KIND_BITS = 0x0f;
const EXCEPT_BIT = 0x10;
const FORM_SHIFT = 5;

/** The forms of a payload: text, bytes, JSON, or that of the service's own `frames`. */
export const FORM = { text: 0, bytes: 1, json: 2, own: 3 } as const;
export type Form = (typeof FORM)[keyof typeof FORM];

/** A frame as a value, on its way between servers. */
export interface WireFrame {
  readonly to: RecipientKind;
  readonly name: string;
  /** The identity of a session that does not get it, or an empty text. */
  readonly except: string;
  readonly form: Form;
  readonly payload: Uint8Array;
}

interface Header {
  /** A whole number of 48 bits. */
  readonly origin: number;
  readonly epoch: number;
}

/** Frames of one topic, in order. */
export interface Batch extends Header {
  readonly type: "batch";
  readonly sequence: number;
  readonly count: number;
  /** Returns the next frame, or `undefined` after the last one. @throws {WireError} there is none */
  next(): WireFrame | undefined;
}

/** The counts of an origin: the sequence of the next frame of each topic that has had one. */
export interface Beacon extends Header {
  readonly type: "beacon";
  /** The origin ends. */
  readonly ends: boolean;
  /** The number of frames that the origin has dropped. */
  readonly dropped: number;
  readonly sequences: ReadonlyMap<number, number>;
}

/** A question for the number of members, or for a beacon if there are no names. */
export interface Question extends Header {
  readonly type: "question";
  readonly number: number;
  readonly names: readonly { readonly to: RecipientKind; readonly name: string }[];
}

/** The bytes are no message of this version. */
class WireError extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Writes into an array that grows. */
export class WireWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** The bytes that were written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  varint(value: number): void {
    this.#grow(LONGEST_VARINT);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest % 0x80) | 0x80;
      this.#length += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  text(value: string): void {
    this.data(encoder.encode(value));
  }

  data(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#grow(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  header(kind: number, { origin, epoch }: Header): void {
    this.byte(VERSION);
    this.byte(kind);
    for (let shift = 2 ** 40; shift >= 1; shift /= 256) this.byte(Math.floor(origin / shift) % 256);
    for (let shift = 2 ** 24; shift >= 1; shift /= 256) this.byte(Math.floor(epoch / shift) % 256);
  }

  #grow(by: number): void {
    const needed = this.#length + by;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Returns the bytes of a frame within a batch. */
export function writeFrame({ to, name, except, form, payload }: WireFrame): Uint8Array {
  const writer = new WireWriter(2 * LONGEST_VARINT + 1 + 3 * name.length + payload.length);
  writer.byte(to | (except === "" ? 0 : EXCEPT_BIT) | (form << FORM_SHIFT));
  writer.text(name);
  if (except !== "") writer.text(except);
  writer.data(payload);
  return writer.bytes;
}

/** Returns the bytes of a batch. `length` is the sum of the lengths of its frames. */
export function writeBatch(from: Header, sequence: number, frames: readonly Uint8Array[], length: number): Uint8Array {
  const writer = new WireWriter(BATCH_HEADER_BYTES + length);
  writer.header(BATCH, from);
  writer.varint(sequence);
  writer.varint(frames.length);
  for (const frame of frames) writer.raw(frame);
  return writer.bytes;
}

const ENDS = 1;

/** Returns the bytes of a beacon. */
export function writeBeacon(beacon: Omit<Beacon, "type" | "sequences">, sequences: Float64Array): Uint8Array {
  const topics = [...sequences.keys()].filter((topic) => sequences[topic] !== 0);
  const writer = new WireWriter(64 + topics.length * 6);
  writer.header(BEACON, beacon);
  writer.byte(beacon.ends ? ENDS : 0);
  writer.varint(beacon.dropped);
  writer.varint(topics.length);
  for (const topic of topics) {
    writer.byte(topic);
    writer.varint(sequences[topic] ?? 0);
  }
  return writer.bytes;
}

/** Returns the bytes of a question. */
export function writeQuestion({ number, names, ...from }: Omit<Question, "type">): Uint8Array {
  const writer = new WireWriter(64);
  writer.header(QUESTION, from);
  writer.varint(number);
  writer.varint(names.length);
  for (const { to, name } of names) {
    writer.byte(to);
    writer.text(name);
  }
  return writer.bytes;
}

/** Reads numbers and texts. @throws {WireError} there is none */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The number of bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new WireError("it ends too early");
    this.#at += 1;
    return value;
  }

  /** Reads a number of `count` bytes, the highest first. */
  fixed(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) value = value * 256 + this.byte();
    return value;
  }

  varint(): number {
    let value = 0;
    for (let index = 0, weight = 1; index < LONGEST_VARINT; index++, weight *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw new WireError("a number in it is too large");
  }

  data(): Uint8Array {
    const length = this.varint();
    if (length > this.left) throw new WireError("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return decoder.decode(this.data());
  }
}

/** Reads a message. The frames of a batch are read later. @throws {WireError} the bytes are no message of this version */
export function readMessage(bytes: Uint8Array): Batch | Beacon | Question {
  const reader = new WireReader(bytes);
  const version = reader.byte();
  if (version !== VERSION) throw new WireError(`its version is ${version}, not ${VERSION}`);
  const kind = reader.byte();
  const origin = reader.fixed(6);
  const epoch = reader.fixed(4);
  if (kind === BATCH) return readBatch(reader, origin, epoch);
  if (kind === BEACON) return readBeacon(reader, origin, epoch);
  if (kind === QUESTION) return readQuestion(reader, origin, epoch);
  throw new WireError(`its kind is ${kind}`);
}

function readBatch(reader: WireReader, origin: number, epoch: number): Batch {
  const sequence = reader.varint();
  const count = reader.varint();
  if (count > reader.left) throw new WireError("it has fewer frames than it says");
  let left = count;
  const next = () => {
    if (left === 0) return undefined;
    left -= 1;
    return readFrame(reader);
  };
  return { type: "batch", origin, epoch, sequence, count, next };
}

function readFrame(reader: WireReader): WireFrame {
  const head = reader.byte();
  const to = head & KIND_BITS;
  if (to < TO.group || to > TO.asker) throw new WireError(`a frame in it is of the kind ${to}`);
  const name = reader.text();
  const except = (head & EXCEPT_BIT) === 0 ? "" : reader.text();
  const form = head >> FORM_SHIFT;
  if (form > FORM.own) throw new WireError(`a frame in it has the form ${form}`);
  return { to: to as RecipientKind, name, except, form: form as Form, payload: reader.data() };
}

function readBeacon(reader: WireReader, origin: number, epoch: number): Beacon {
  const flags = reader.byte();
  const dropped = reader.varint();
  const sequences = new Map<number, number>();
  for (let left = reader.varint(); left > 0; left--) sequences.set(reader.byte(), reader.varint());
  return { type: "beacon", origin, epoch, ends: (flags & ENDS) !== 0, dropped, sequences };
}

function readQuestion(reader: WireReader, origin: number, epoch: number): Question {
  const number = reader.varint();
  const names: { to: RecipientKind; name: string }[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const to = reader.byte();
    if (to !== TO.group && to !== TO.key) throw new WireError(`it asks for the kind ${to}`);
    names.push({ to, name: reader.text() });
  }
  return { type: "question", origin, epoch, number, names };
}

// Reads queries: RFC 1035, and the OPT record of EDNS (RFC 6891).

type Bytes = Uint8Array<ArrayBuffer>;

/** The question of a query. */
interface Question {
  /** In lower case, without the final dot. A dot within a label is `\046`, and a backslash is `\092`. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The bytes as they were sent. The reply repeats them. */
  readonly bytes: Bytes;
}

/** A message to this server. */
export interface Query {
  readonly id: number;
  /** Whether the message is a response, which this server does not expect. */
  readonly response: boolean;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** Undefined if the data after the header is malformed. */
  readonly question?: Question;
  readonly edns?: Edns;
}

/** The sender supports EDNS. */
interface Edns {
  readonly version: number;
  readonly dnssecOk: boolean;
}

export const OPT = 41;

const HEADER_BYTES = 12;
const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;

/** @throws {RangeError} the message has no complete header */
export function decodeQuery(bytes: Bytes): Query {
  if (bytes.length < HEADER_BYTES) throw new RangeError("a message without a whole header");
  const message = new MessageReader(bytes);
  const id = message.uint16();
  const flags = message.uint16();
  const header = {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x100) !== 0,
  };
  try {
    return { ...header, ...readSections(message) };
  } catch (error) {
    if (error instanceof Malformed) return header;
    throw error;
  }
}

class Malformed extends Error {}

/** Reads a message once, and never past its end. */
class MessageReader {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint8(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    return this.uint8() * 256 + this.uint8();
  }

  take(count: number): Bytes {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new Malformed("the message ends too early");
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** The bytes that were read since `start`. */
  since(start: number): Bytes {
    return this.#bytes.subarray(start, this.#at);
  }
}

function readSections(message: MessageReader): Pick<Query, "question" | "edns"> {
  const questions = message.uint16();
  const others = message.uint16() + message.uint16();
  const additional = message.uint16();
  if (questions !== 1 || others !== 0)
    throw new Malformed("a query has one question, and no records but additional ones");
  const question = readQuestion(message);
  let edns: Edns | undefined;
  for (let index = 0; index < additional; index++) {
    const found = readRecord(message);
    if (found !== undefined && edns !== undefined) throw new Malformed("two OPT records");
    edns ??= found;
  }
  if (!message.ended) throw new Malformed("the message goes on behind its records");
  return { question, ...(edns && { edns }) };
}

function readQuestion(message: MessageReader): Question {
  const start = message.at;
  const name = readName(message);
  const type = message.uint16();
  return { name, type, class: message.uint16(), bytes: message.since(start) };
}

/** OPT is the only record of a query that this server uses. */
function readRecord(message: MessageReader): Edns | undefined {
  const name = readName(message);
  const type = message.uint16();
  message.uint16();
  const [, version = 0, flags = 0] = message.take(4);
  message.take(message.uint16());
  if (type !== OPT) return undefined;
  if (name !== "") throw new Malformed("an OPT record with a name");
  return { version, dnssecOk: (flags & 0x80) !== 0 };
}

/** The names of a query cannot point to earlier names, so there is no compression, and there are no loops. */
function readName(message: MessageReader): string {
  const start = message.at;
  const labels: string[] = [];
  for (let length = message.uint8(); length > 0; length = message.uint8()) {
    if (length > LONGEST_LABEL) throw new Malformed("a name that is compressed");
    labels.push(labelText(message.take(length)));
    if (message.at - start >= LONGEST_NAME) throw new Malformed("a name that is too long");
  }
  return labels.join(".");
}

function labelText(label: Bytes): string {
  return String.fromCharCode(...label)
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll("\\", "\\092")
    .replaceAll(".", "\\046");
}

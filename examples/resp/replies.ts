import { type CloseReason, type Encoder, type Output, SpillwayError } from "spillway";

/**
 * A reply. Strings (sent as UTF-8) and bytes are bulk strings. Numbers and bigints are integers of 64 bits. `null` is the null
 * bulk string.
 */
export type Reply =
  | { readonly status: string }
  | { readonly error: string }
  | number
  | bigint
  | string
  | Uint8Array
  | null
  | readonly Reply[];

const CRLF = "\r\n";
const utf8 = new TextEncoder();

/** Has no state, so all connections share it. */
export const replyEncoder: Encoder<Reply> = {
  encode,

  /** Uses the error messages of Redis. As in Redis, a command that is cut off gets no reply. */
  encodeFault(reason: CloseReason, output: Output, { message }: SpillwayError): void {
    if (reason === "unexpected-eof") return;
    const isDecoders = reason === "frame-invalid" || reason === "frame-too-large";
    output.text(`-ERR ${isDecoders ? `Protocol error: ${message}` : (FAULTS[reason] ?? reason)}${CRLF}`);
  },
};

const FAULTS: Partial<Record<CloseReason, string>> = {
  "too-many-connections": "max number of clients reached",
};

function encode(reply: Reply, output: Output): void {
  if (reply === null) return output.text(`$-1${CRLF}`);
  if (typeof reply === "string") return encodeBulk(utf8.encode(reply), output);
  if (typeof reply === "number" || typeof reply === "bigint") return encodeInteger(reply, output);
  if (reply instanceof Uint8Array) return encodeBulk(reply, output);
  if (isArray(reply)) return encodeArray(reply, output);
  if (typeof reply !== "object") throw refusal(typeof reply);
  if ("status" in reply) return encodeLine("+", reply.status, output);
  if ("error" in reply) return encodeLine("-", reply.error, output);
  throw refusal("an object without status or error");
}

function encodeBulk(bytes: Uint8Array, output: Output): void {
  output.text(`$${bytes.length}${CRLF}`);
  output.bytes(bytes);
  output.text(CRLF);
}

function encodeInteger(value: number | bigint, output: Output): void {
  const fits = typeof value === "number" ? Number.isSafeInteger(value) : BigInt.asIntN(64, value) === value;
  if (!fits) throw refusal(`${value}, which is no integer of 64 bits`);
  output.text(`:${value}${CRLF}`);
}

function encodeArray(replies: readonly Reply[], output: Output): void {
  output.text(`*${replies.length}${CRLF}`);
  for (const reply of replies) encode(reply, output);
}

function encodeLine(type: string, line: string, output: Output): void {
  if (typeof line !== "string") throw refusal(`${type} and ${typeof line}`);
  if (/[\r\n]/.test(line)) throw refusal("a line break, which would be read as the end of the reply");
  output.text(`${type}${line}${CRLF}`);
}

/** Unlike `Array.isArray`, narrows the type to a readonly array. */
function isArray(reply: Reply): reply is readonly Reply[] {
  return Array.isArray(reply);
}

function refusal(what: string): SpillwayError {
  return new SpillwayError("reply-invalid", `not a reply: ${what}`);
}

import { type Bytes, SpillwayError } from "../core/mod.ts";

const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const MAX_FRAGMENT_BYTES = 16_384;
/** Real ones have 200 to 2,000 bytes. */
const MAX_HELLO_BYTES = 16_384;
/** A name in the form in which it is looked up; anything else is no name. */
const NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const MAX_NAME_LENGTH = 253;

/**
 * Reads the server name (SNI) from the first message of a TLS client, which may be spread over several records. It only
 * looks: whether the bytes are TLS at all is for the TLS implementation to judge, which gets all of them.
 */
export class ClientHelloReader {
  /** The name that the client asks for, in lower case. */
  serverName: string | undefined;
  /** Where the next record begins. */
  #at = 0;
  /** The message so far, at the beginning of a buffer that doubles. */
  #message: Uint8Array = new Uint8Array(0);
  #length = 0;

  /**
   * Takes all bytes that have come, and returns true when there is nothing more to find out. Work is linear in the
   * bytes, however they come.
   *
   * @throws {SpillwayError} `tls-failed`: the message is too long
   */
  read(bytes: Bytes): boolean {
    for (;;) {
      if (bytes.length > this.#at && bytes[this.#at] !== HANDSHAKE) return true;
      if (bytes.length < this.#at + RECORD_HEADER_BYTES) return false;
      const length = uint16(bytes, this.#at + 3);
      if (bytes[this.#at + 1] !== 3 || length === 0 || length > MAX_FRAGMENT_BYTES) return true;
      const begin = this.#at + RECORD_HEADER_BYTES;
      if (bytes.length < begin + length) return false;
      this.#append(bytes.subarray(begin, begin + length));
      this.#at = begin + length;
      if (this.#isComplete()) return true;
    }
  }

  #append(fragment: Uint8Array): void {
    const length = this.#length + fragment.length;
    if (length > this.#message.length) {
      const larger = new Uint8Array(Math.max(2 * this.#message.length, length));
      larger.set(this.#message.subarray(0, this.#length));
      this.#message = larger;
    }
    this.#message.set(fragment, this.#length);
    this.#length = length;
  }

  #isComplete(): boolean {
    if (this.#length < MESSAGE_HEADER_BYTES) return false;
    if (this.#message[0] !== CLIENT_HELLO) return true;
    const length = ((this.#message[1] as number) << 16) | uint16(this.#message, 2);
    if (length > MAX_HELLO_BYTES) {
      throw new SpillwayError("tls-failed", `a ClientHello of ${length} bytes: more than ${MAX_HELLO_BYTES}`);
    }
    const end = MESSAGE_HEADER_BYTES + length;
    if (this.#length < end) return false;
    this.serverName = nameIn(this.#message.subarray(MESSAGE_HEADER_BYTES, end));
    return true;
  }
}

/** Returns the server name in a ClientHello, or `undefined` if there is none, or none that could be found. */
function nameIn(hello: Uint8Array): string | undefined {
  let at = 2 + 32; // The version and the random.
  for (const lengthBytes of [1, 2, 1]) at = skipVector(hello, at, lengthBytes);
  const end = skipVector(hello, at, 2);
  at += 2;
  while (at + 4 <= end && end <= hello.length) {
    const next = skipVector(hello, at + 2, 2);
    if (next > end) return undefined;
    if (uint16(hello, at) === SERVER_NAME) return hostName(hello.subarray(at + 4, next));
    at = next;
  }
  return undefined;
}

/** Returns the end of a vector with a length before it: beyond the end of the bytes if it is not whole. */
function skipVector(bytes: Uint8Array, at: number, lengthBytes: number): number {
  if (at + lengthBytes > bytes.length) return Infinity;
  return at + lengthBytes + (lengthBytes === 1 ? (bytes[at] as number) : uint16(bytes, at));
}

/** Returns the name in a server_name extension, which is a list of one. */
function hostName(extension: Uint8Array): string | undefined {
  const at = 2;
  if (extension.length < at + 3 || extension[at] !== HOST_NAME) return undefined;
  const end = skipVector(extension, at + 1, 2);
  if (end > extension.length) return undefined;
  return plainName(String.fromCharCode(...extension.subarray(at + 3, Math.min(end, at + 3 + MAX_NAME_LENGTH + 2))));
}

/** Returns a host name as it is looked up, or `undefined` if it is none. */
export function plainName(name: string): string | undefined {
  const plain = name.toLowerCase().replace(/\.$/, "");
  return plain.length <= MAX_NAME_LENGTH && NAME.test(plain) ? plain : undefined;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

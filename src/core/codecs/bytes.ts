import type { Bytes } from "../transport/transport.ts";
import type { Codec, Decoder, Encoder, Output } from "./codec.ts";
import { type Payload, payloadBytes } from "./payload.ts";

/**
 * No framing: what arrives is given as it comes, a chunk at a time, and what is sent is sent as it is. For tunnels and
 * proxies, and for what follows a handshake (`context.upgrade`): where a chunk ends says nothing.
 *
 * A frame is a `Uint8Array` of at least one byte and at most what the runtime reads at once (512 KiB on Bun, 64 KiB
 * elsewhere); it is its receiver's. A reply may be a string too, which is sent as UTF-8; an empty one sends nothing. No frame is
 * ever too long, invalid or cut off.
 *
 * @throws {TypeError} for an argument
 *
 * @example
 * ```ts
 * import { bytes } from "spillway/codecs";
 *
 * const decoder = bytes().decoder();
 * decoder.push(Uint8Array.of(1, 2, 3));
 * console.log(decoder.next()?.length, decoder.next()); // 3 undefined
 * ```
 */
export function bytes(): Codec<Bytes, Payload>;
export function bytes(...none: readonly unknown[]): Codec<Bytes, Payload> {
  if (none.length > 0) throw new TypeError("bytes() takes no options: its chunks have no limit of their own");
  // What is never too long is never truncated.
  return { decoder: () => new ChunkDecoder(), encoder: () => encoder, truncatingDecoder: () => new ChunkDecoder() };
}

class ChunkDecoder implements Decoder<Bytes> {
  readonly midFrame = false;
  #chunk: Bytes | undefined;

  push(chunk: Bytes): void {
    if (chunk.length > 0) this.#chunk = chunk;
  }

  next(): Bytes | undefined {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    return chunk;
  }

  end(): void {
    // There is nothing that an end could cut off.
  }

  unread(): Bytes {
    return this.next() ?? new Uint8Array(0);
  }
}

const encoder: Encoder<Payload> = {
  encode(frame: Payload, output: Output): void {
    output.bytes(payloadBytes(frame));
  },
};

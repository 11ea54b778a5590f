import type { Bytes } from "../transport/transport.ts";
import type { Codec, Decoder, Encoder, Output } from "./codec.ts";
import { type Payload, payloadBytes } from "./payload.ts";

/**
 * No framing: received chunks are delivered as they come, and frames are sent as they are. For tunnels and proxies, and
 * for connections that continue after a handshake (`context.upgrade`). Chunk boundaries have no meaning.
 *
 * A frame is a `Uint8Array` of at least one byte, and of at most the size of one read of the runtime (512 KiB on Bun,
 * 64 KiB elsewhere). It belongs to the receiver. A reply may also be a string, which is sent as UTF-8; an empty reply
 * sends nothing. No frame is ever too long, invalid or cut off.
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
  // No frame is too long, so none is truncated.
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
    // The end of the input cannot cut off a frame.
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

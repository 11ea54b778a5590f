import type { Codec } from "../../core/codecs/mod.ts";
import { type Bytes, lines, type Service } from "../../mod.ts";

/** Settings of {@link echo}. */
export interface EchoOptions {
  /** The text before each payload, as UTF-8. Default: nothing. */
  readonly prefix?: string;
  /** The codec. Default: lines. */
  readonly codec?: Codec<Bytes, Uint8Array>;
}

/** Sends each frame back, byte for byte. */
export function echo({
  prefix = "",
  codec = lines({ encoding: "bytes" }),
}: EchoOptions = {}): Service<Bytes, Uint8Array> {
  if (prefix === "") return { codec, handler: (frame) => frame };
  const before = new TextEncoder().encode(prefix);
  return {
    codec,
    handler: (frame) => {
      const reply = new Uint8Array(before.length + frame.length);
      reply.set(before);
      reply.set(frame, before.length);
      return reply;
    },
  };
}

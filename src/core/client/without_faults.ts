import type { Codec, Encoder } from "../codecs/codec.ts";

/** The same codec, without its fault frames: whoever is asked would take one for a request. */
export function withoutFaults<In, Out>(codec: Codec<In, Out>): Codec<In, Out> {
  return { decoder: () => codec.decoder(), encoder: () => silent(codec.encoder()) };
}

function silent<Out>(encoder: Encoder<Out>): Encoder<Out> {
  return { encode: (frame, output) => encoder.encode(frame, output) };
}

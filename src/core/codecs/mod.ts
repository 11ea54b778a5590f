/**
 * Framings, and the streams of frames that they make.
 *
 * @module
 */
export type { Codec, Decoder, Encoder, Output } from "../codec.ts";
export { decoderStream } from "../decoder_stream.ts";
export { encoderStream } from "../encoder_stream.ts";
export { type LineEncoding, type LinesOptions, lines } from "./lines.ts";

/**
 * Framings: the rules that delimit messages in a stream of bytes. A server accepts any of them, and they can be
 * combined. The module also exports streams of frames.
 *
 * @module
 */

export { decoderStream } from "../streams/decoder_stream.ts";
export { encoderStream } from "../streams/encoder_stream.ts";
export { bytes } from "./bytes.ts";
export type { Codec, Decoder, Encoder, Output } from "./codec.ts";
export { type ContentLengthOptions, contentLength, type HeaderFields } from "./content_length.ts";
export { type DelimitedOptions, type Delimiter, delimited } from "./delimited.ts";
export { type FixedLengthOptions, fixedLength } from "./fixed_length.ts";
export { InputBuffer } from "./input_buffer.ts";
export { type Endian, type IntegerOptions, int16, int32 } from "./integers.ts";
export { type JsonOptions, json } from "./json.ts";
export { type LengthPrefixedOptions, lengthPrefixed } from "./length_prefixed.ts";
export { type LineEncoding, type LinesOptions, lines } from "./lines.ts";
export { type FrameInfo, type FrameMap, mapCodec } from "./map_codec.ts";
export { type NetstringsOptions, netstrings } from "./netstrings.ts";
export { type OctetCountedOptions, octetCounted } from "./octet_counted.ts";
export type { Payload } from "./payload.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard_schema.ts";
export { type TextOptions, text } from "./text.ts";
export { type VarintPrefixedOptions, varintPrefixed } from "./varint_prefixed.ts";

import { type Bytes, type Codec, type Handler, lines, serve } from "spillway";
import {
  contentLength,
  decoderStream,
  delimited,
  encoderStream,
  fixedLength,
  int16,
  int32,
  json,
  lengthPrefixed,
  mapCodec,
  netstrings,
  octetCounted,
  type Payload,
  type StandardSchema,
  text,
  varintPrefixed,
} from "spillway/codecs";
import { same } from "./equal.ts";

export interface Request {
  readonly id: number;
}
export interface Reply {
  readonly ok: boolean;
}

declare const requestSchema: StandardSchema<Request>;
/** As a validator that changes what it checks: text in, a reply out. */
declare const replySchema: StandardSchema<Reply, string>;

export function codecs(): void {
  const encoding: "utf-8" | "latin1" = "latin1";
  same<ReturnType<typeof byLine>, Codec<string>>(true);
  function byLine() {
    return lines({ encoding, maxFrameBytes: 10, fatal: true, unterminated: "deliver" });
  }
  const binary: Codec<Bytes, Uint8Array> = lines({ encoding: "bytes" });
  const framed: Codec<Bytes, Payload>[] = [
    delimited({ delimiter: ["\r\n", Uint8Array.of(0)] }),
    fixedLength({ bytes: 4 }),
    lengthPrefixed({ width: 2, endian: "little" }),
    netstrings(),
    octetCounted(),
    contentLength(),
    varintPrefixed(),
  ];
  const numbers: Codec<number>[] = [int16(), int32({ signed: false })];
  const worded: Codec<string> = text(netstrings(), "utf-8");
  const mapped = mapCodec(lines(), { decode: Number, encode: (value: bigint) => String(value) });
  same<typeof mapped, Codec<number, bigint>>(true);
  decoderStream(worded);
  encoderStream(worded);
  void [binary, framed, numbers];

  // @ts-expect-error an encoding that there is not
  lines({ encoding: "ascii" });
  // @ts-expect-error an option that there is not
  lines({ maxFrameByte: 10 });
  // @ts-expect-error a width that there is not
  lengthPrefixed({ width: 5 });
  // @ts-expect-error no delimiter
  delimited({});
}

export function jsonCodecs(): void {
  const said = json<Request, Reply>(lines());
  same<typeof said, Codec<Request, Reply>>(true);
  const alike = json<Request>(netstrings());
  same<typeof alike, Codec<Request, Request>>(true);
  const anything = json(lines());
  same<typeof anything, Codec<unknown, unknown>>(true);
  const checked = json(lines(), { schema: requestSchema });
  same<typeof checked, Codec<Request, Request>>(true);
  const bothChecked = json(contentLength(), { schema: requestSchema, replySchema });
  same<typeof bothChecked, Codec<Request, string>>(true);
  const other = json<Request, Reply>(lines(), { schema: requestSchema });
  same<typeof other, Codec<Request, Reply>>(true);

  // @ts-expect-error a codec of numbers is no text
  json(int16());
  // @ts-expect-error the schema gives something else
  json<Reply, Reply>(lines(), { schema: requestSchema });
}

/** The replies of a handler follow from the codec. */
export async function replies(): Promise<void> {
  await serve({ port: 0, codec: lines(), handler: (line) => (line.length > 1 ? line : undefined) });
  await serve({ port: 0, codec: lines(), handler: async (line) => line });
  await serve({ port: 0, codec: lines(), handler: () => {} });
  await serve({
    port: 0,
    codec: lines(),
    handler: async function* (line) {
      yield line;
    },
  });
  await serve({ port: 0, codec: lines({ encoding: "bytes" }), handler: (bytes) => bytes.subarray(1) });
  await serve({ port: 0, codec: netstrings(), handler: (bytes) => (bytes.length > 1 ? bytes : "short") });
  await serve({ port: 0, codec: int32(), handler: (number) => number + 1 });
  await serve({ port: 0, codec: json<Request, Reply>(lines()), handler: ({ id }) => ({ ok: id > 1 }) });
  await serve({ port: 0, codec: json(lines()), handler: (document) => [document] });

  // @ts-expect-error a number is no line
  await serve({ port: 0, codec: lines(), handler: (line) => line.length });
  // @ts-expect-error nor is a promise of one
  await serve({ port: 0, codec: lines(), handler: async (line) => line.length });
  await serve({
    port: 0,
    codec: lines(),
    // @ts-expect-error nor what a stream yields
    handler: async function* (line) {
      yield line.length;
    },
  });
  // @ts-expect-error nor what a method yields
  const yields: Handler<string, string> = async function* (line) {
    yield line.length;
  };
  // @ts-expect-error bytes are wanted
  await serve({ port: 0, codec: lines({ encoding: "bytes" }), handler: () => "text" });
  // @ts-expect-error a number is neither bytes nor text
  await serve({ port: 0, codec: netstrings(), handler: (bytes) => bytes.length });
  // @ts-expect-error not a reply
  await serve({ port: 0, codec: json<Request, Reply>(lines()), handler: ({ id }) => ({ id }) });
  // @ts-expect-error as the requests, if nothing else is said
  await serve({ port: 0, codec: json<Request>(lines()), handler: ({ id }) => ({ ok: id > 1 }) });
  await serve({
    port: 0,
    codec: lines(),
    handler: (line) => line,
    // @ts-expect-error a greeting is a line too
    onConnect: () => 1,
    // @ts-expect-error and a goodbye
    onDrain: () => 1,
  });
  void yields;
}

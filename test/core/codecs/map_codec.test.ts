import { describe, expect, it } from "vitest";
import { lines, mapCodec, netstrings } from "../../../src/core/codecs/mod.ts";
import { type Codec, SpillwayError } from "../../../src/core/mod.ts";
import { OutputBuffer } from "../../../src/core/output_buffer.ts";
import { raw, textOf, utf8 } from "./byte_strings.ts";
import { encode, refusal } from "./encode.ts";
import { everyChunking } from "./every_chunking.ts";
import { MAP_CODEC_TABLE } from "./map_codec_table.ts";

describe("mapCodec, however the input is cut", () => {
  it.each(MAP_CODEC_TABLE)("$name", ({ codec, input, gives }) => everyChunking(codec, input, gives));
});

const same = { decode: (line: string) => line, encode: (line: string) => line };

describe("mapCodec decoder", () => {
  it("is as far as the one below: midFrame, lost, rest", () => {
    const decoder = mapCodec(netstrings(), { decode: textOf, encode: String }).decoder();
    decoder.push(raw("1:a,2:b"));
    expect([decoder.next(), decoder.next(), decoder.midFrame, decoder.lost]).toEqual(["a", undefined, true, false]);
    expect(textOf(decoder.rest?.() as Uint8Array)).toBe("2:b");
  });

  it("has no rest where the one below has none", () => {
    const { rest: _, ...methods } = { ...boundDecoder() };
    const codec: Codec<string> = { decoder: () => methods, encoder: () => lines().encoder() };
    expect(mapCodec(codec, same).decoder().rest).toBeUndefined();
    expect(mapCodec(lines(), same).decoder().rest).toBeInstanceOf(Function);
  });

  it("keeps what was thrown as the cause", () => {
    const cause = new Error("mine");
    const throwing = () => {
      throw cause;
    };
    const decoder = mapCodec(lines(), { ...same, decode: throwing }).decoder();
    decoder.push(utf8("a\n"));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "frame-invalid", message: "mine", cause }));
  });
});

function boundDecoder() {
  const decoder = lines().decoder();
  return {
    push: decoder.push.bind(decoder),
    next: decoder.next.bind(decoder),
    end: decoder.end.bind(decoder),
    rest: decoder.rest?.bind(decoder),
    midFrame: false,
  };
}

describe("mapCodec encoder", () => {
  it("turns what is thrown into reply-invalid, with its cause", () => {
    const cause = new Error("mine");
    const throwing = () => {
      throw cause;
    };
    const { error, bytes } = refusal(mapCodec(lines(), { ...same, encode: throwing }), "a");
    expect(error).toMatchObject({ code: "reply-invalid", message: "mine", cause });
    expect(bytes).toBe(0);
  });

  it("leaves an error of ours, and what the codec below refuses", () => {
    const own = mapCodec(lines(), {
      ...same,
      encode: () => {
        throw new SpillwayError("codec-failed", "of ours");
      },
    });
    expect(refusal(own, "a").error).toMatchObject({ code: "codec-failed" });
    expect(refusal(mapCodec(lines(), same), "a\nb")).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("says why the connection ends in frames of its own, or as the codec below does", () => {
    const output = new OutputBuffer();
    mapCodec(lines(), same).encoder().encodeFault?.("drained", output);
    const upper = (line: string) => line.toUpperCase();
    mapCodec(lines(), { decode: upper, encode: upper, fault: (reason) => `why: ${reason}` })
      .encoder()
      .encodeFault?.("drained", output);
    expect(textOf(output.take())).toBe("error: drained\nWHY: DRAINED\n");
  });

  it("says nothing of it where neither does", () => {
    const silent = mapCodec(netstrings(), { decode: textOf, encode: (frame: string) => frame });
    expect(silent.encoder().encodeFault).toBeUndefined();
    expect(mapCodec(silent, same).encoder().encodeFault).toBeUndefined();
  });

  it("encodes through the codec below", () => {
    const numbers = mapCodec(lines(), { decode: Number, encode: (number: number) => String(number) });
    expect(textOf(encode(numbers, [1, -2.5]))).toBe("1\n-2.5\n");
  });
});

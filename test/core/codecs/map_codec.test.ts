import { describe, expect, it } from "vitest";
import {
  contentLength,
  delimited,
  type FrameInfo,
  json,
  lines,
  mapCodec,
  netstrings,
  text,
} from "../../../src/core/codecs/mod.ts";
import { type Codec, SpillwayError } from "../../../src/core/mod.ts";
import { raw, textOf, utf8 } from "./support/byte_strings.ts";
import { encode, faultText, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { MAP_CODEC_TABLE } from "./support/map_codec_table.ts";

describe("the information that mapCodec gives beside a frame", () => {
  it("is what its header said, also through other codecs", () => {
    const withHeader = {
      decode: (body: unknown, { header }: { header: Iterable<readonly [string, string]> }) => [body, ...header],
      encode: (frame: string) => frame,
    };
    for (const codec of [
      mapCodec(text(contentLength()), withHeader),
      mapCodec(mapCodec(text(contentLength()), same), withHeader),
    ]) {
      const decoder = codec.decoder();
      decoder.push(
        utf8(
          "content-TYPE:  a \r\nContent-Length: 2\r\nX: 1\r\nx: 2\r\n\r\nokContent-Length: 1\r\n\r\n!Content-Length: 3\r\n\r\n",
        ),
      );
      expect(decoder.next()).toEqual(["ok", ["content-TYPE", "a"], ["Content-Length", "2"], ["X", "1"], ["x", "2"]]);
      expect(decoder.next()).toEqual(["!", ["Content-Length", "1"]]);
      expect(decoder.next()).toBeUndefined();
    }
  });

  it("is a value by its name, in capitals or not, the first of several", () => {
    const codec = mapCodec(contentLength(), {
      decode: (_, { header }) => ["CONTENT-type", "x", "content-length", "y"].map((name) => header.get(name)),
      encode: (frame: string) => frame,
    });
    const decoder = codec.decoder();
    decoder.push(utf8("Content-Type: a\r\nX: 1\r\nx: 2\r\nContent-Length: 02\r\n\r\nok"));
    expect(decoder.next()).toEqual(["a", "1", "02", undefined]);
  });

  it("is nothing where the framing says nothing else", () => {
    const decode = (line: string, { header, truncated }: FrameInfo) => [line, header, truncated];
    const decoder = mapCodec(lines(), { decode, encode: String }).decoder();
    decoder.push(utf8("a\n"));
    expect(decoder.next()).toEqual(["a", undefined, false]);
  });

  it("is whether it is only the beginning of a frame that was too long", () => {
    const codec = mapCodec(text(delimited({ delimiter: "|", maxFrameBytes: 2 })), {
      decode: (frame, { truncated }) => `${frame}${truncated ? " and more" : ""}`,
      encode: (frame: string) => frame,
    });
    const decoder = codec.truncatingDecoder?.();
    decoder?.push(utf8("ab|abc|a\u00e9|"));
    expect([decoder?.next(), decoder?.next(), decoder?.next()]).toEqual(["ab", "ab and more", "a and more"]);
    for (const cannot of [netstrings(), json(lines())]) {
      expect(
        mapCodec(cannot as Codec<unknown, never>, { decode: String, encode: (frame) => frame }).truncatingDecoder,
      ).toBeUndefined();
    }
  });
});

describe("mapCodec decoder", () => {
  it.each(MAP_CODEC_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

const same = { decode: (line: string) => line, encode: (line: string) => line };

describe("mapCodec decoder", () => {
  it("is as far as the one below: midFrame, lost, unread", () => {
    const decoder = mapCodec(netstrings(), { decode: textOf, encode: String }).decoder();
    decoder.push(raw("1:a,2:b"));
    expect([decoder.next(), decoder.next(), decoder.midFrame, decoder.lost]).toEqual(["a", undefined, true, false]);
    expect(textOf(decoder.unread?.() as Uint8Array)).toBe("2:b");
  });

  it("has no unread where the one below has none", () => {
    const { unread: _, ...methods } = { ...boundDecoder() };
    const codec: Codec<string> = { decoder: () => methods, encoder: () => lines().encoder() };
    expect(mapCodec(codec, same).decoder().unread).toBeUndefined();
    expect(mapCodec(lines(), same).decoder().unread).toBeInstanceOf(Function);
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
    unread: decoder.unread?.bind(decoder),
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
    expect(faultText(mapCodec(lines(), same).encoder(), "drained")).toBe("error: drained\n");
    const upper = (line: string) => line.toUpperCase();
    const fault = (reason: string) => `why: ${reason}`;
    expect(faultText(mapCodec(lines(), { decode: upper, encode: upper, fault }).encoder(), "drained")).toBe(
      "WHY: DRAINED\n",
    );
  });

  it("knows the detail of an end, for protocols that need its words", () => {
    const detailed = mapCodec(lines(), { ...same, fault: (reason, error) => `${reason}: ${error.message}` });
    expect(faultText(mapCodec(detailed, same).encoder(), "frame-invalid", "no verb")).toBe("frame-invalid: no verb\n");
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

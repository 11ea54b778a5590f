import { describe, expect, it } from "vitest";
import { bytes } from "../../../src/core/codecs/mod.ts";
import { raw, textOf } from "./support/byte_strings.ts";
import { decode } from "./support/decode.ts";
import { encode, refusal } from "./support/encode.ts";

describe("bytes", () => {
  it("gives chunks as they come, and none that is empty", () => {
    expect(decode(bytes(), ["ab", "", "c\n", ""].map(raw))).toEqual(["ab", "c\n"]);
    const chunk = raw("same");
    const decoder = bytes().decoder();
    decoder.push(chunk);
    expect(decoder.next()).toBe(chunk);
  });

  it("is never within a frame, and leaves what was not taken", () => {
    const decoder = bytes().decoder();
    decoder.push(raw("ab"));
    expect(decoder.midFrame).toBe(false);
    expect(textOf(decoder.unread?.() ?? raw("?"))).toBe("ab");
    expect(textOf(decoder.unread?.() ?? raw("?"))).toBe("");
  });

  it("sends bytes and text as they are, and nothing for what is empty", () => {
    expect(textOf(encode(bytes(), [raw("a\0"), "\u00e9", "", raw(""), "b"]))).toBe("a\0\xc3\xa9b");
  });

  it.each([[42], [null], [undefined], [{}], [[1]], [new ArrayBuffer(2)]])("refuses %o as a frame", (frame) => {
    expect(refusal(bytes(), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("takes no options: a limit would be ignored", () => {
    const withOptions = bytes as (options: object) => unknown;
    expect(() => withOptions({ maxFrameBytes: 5 })).toThrow(
      new TypeError("bytes() takes no options: its chunks have no limit of their own"),
    );
  });

  it("truncates nothing, as nothing is too long for it", () => {
    const decoder = bytes().truncatingDecoder?.();
    decoder?.push(raw("ab"));
    expect(textOf(decoder?.next() ?? raw("?"))).toBe("ab");
    expect(decoder?.truncated ?? false).toBe(false);
  });
});

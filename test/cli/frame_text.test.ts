import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameText, linesText } from "../../src/cli/frame_text.ts";

const encode = (text: string) => new TextEncoder().encode(text);

describe("a frame at a terminal", () => {
  it.each([
    [encode("grüße 世界"), "grüße 世界"],
    [encode("\x1b[31mred\x07"), "\\x1b[31mred\\x07"],
    [encode("a\r\nb\tc\0"), "a\\r\\nb\\tc\\x00"],
    [encode("\u202eevil"), "\\u202eevil"],
    [encode("\x9b31m"), "\\x9b31m"],
    [Uint8Array.of(0x61, 0xff, 0x1b, 0x7e), "a\\xff\\x1b~"],
    [new Uint8Array(0), ""],
  ])("is escaped: %j", (frame, shown) => {
    expect(frameText(frame)).toBe(shown);
  });

  it("never has a control character, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(frameText(Uint8Array.from(bytes))).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(linesText(Uint8Array.from(bytes)).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("is cut when it is long, and says by how much", () => {
    expect(frameText(encode("x".repeat(20_000)))).toBe(`${"x".repeat(16_384)}… (3616 more)`);
    expect(frameText(new Uint8Array(20_000).fill(0xff))).toBe(`${"\\xff".repeat(16_384)}… (3616 bytes more)`);
  });

  it("keeps its line breaks when it is none: a chunk of bytes", () => {
    expect(linesText(encode("one\r\ntwo\n\nthree\x07"))).toBe("one\ntwo\n\nthree\\x07");
    expect(linesText(encode("one\n"))).toBe("one");
    expect(linesText(encode(""))).toBe("");
  });
});

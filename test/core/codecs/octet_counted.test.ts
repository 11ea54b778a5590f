import { describe, expect, it } from "vitest";
import { octetCounted } from "../../../src/core/codecs/mod.ts";
import type { Bytes } from "../../../src/core/mod.ts";
import { textOf } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import { encode, refusal } from "./encode.ts";
import { everyChunking } from "./every_chunking.ts";
import { OCTET_COUNTED_TABLE } from "./octet_counted_table.ts";
import { agrees, anyBytes, roundTrips } from "./properties.ts";
import { decimalPrefix } from "./split_prefixed.ts";

describe("octetCounted, however the input is cut", () => {
  it.each(OCTET_COUNTED_TABLE)("$name", ({ codec, input, gives }) => everyChunking(codec, input, gives));
});

/** Computed from the whole input in the most obvious way. */
function splitSyslog(bytes: Bytes, max: number): string[] {
  const input = textOf(bytes);
  const given: string[] = [];
  for (let at = 0; at < input.length; ) {
    if (/\d/.test(input[at] as string)) {
      const prefix = decimalPrefix(input, at, " ");
      if (prefix === "cut off") return [...given, CUT_OFF];
      if (prefix === "invalid" || prefix.length === 0) return [...given, INVALID, LOST];
      at = prefix.start + prefix.length;
      if (prefix.length > max) given.push(TOO_LARGE);
      if (at > input.length) return [...given, CUT_OFF];
      if (prefix.length <= max) given.push(input.slice(prefix.start, at));
    } else {
      const lf = input.indexOf("\n", at);
      const line = input.slice(at, lf < 0 ? undefined : lf).replace(/\r$/, lf < 0 ? "\r" : "");
      if (line.replace(/\r$/, lf < 0 ? "" : "\r").length > max) given.push(TOO_LARGE);
      else if (lf >= 0 && line !== "") given.push(line);
      if (lf < 0) return [...given, CUT_OFF];
      at = lf + 1;
    }
  }
  return given;
}

describe("octetCounted against a model", () => {
  it.each([1, 4, 10, Infinity])("with a limit of %d", (maxFrameBytes) => {
    const pieces = ["1 ", "2 ", "5 ", "10 ", "0", "3", "<1>", "a", "bc", "\n", "\r\n", "\r", " ", "\xff"];
    agrees(octetCounted({ maxFrameBytes }), pieces, (input) => splitSyslog(input, maxFrameBytes));
  });
});

describe("octetCounted encoder", () => {
  it("counts the bytes, not the characters", () => {
    expect(textOf(encode(octetCounted(), ["<1>a", "é\n", Uint8Array.of(0, 0x31)]))).toBe("4 <1>a3 \xc3\xa9\n2 \x001");
  });

  it.each([[""], [new Uint8Array(0)], [42], [null], [undefined], [{}], [[1]], [new ArrayBuffer(2)]])(
    "refuses %o",
    (frame) => {
      expect(refusal(octetCounted(), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
    },
  );

  it("is undone by the decoder", () => {
    roundTrips(octetCounted(), anyBytes(300));
  });
});

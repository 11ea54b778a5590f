import { describe, expect, it } from "vitest";
import { octetCounted } from "../../../src/core/codecs/mod.ts";
import type { Bytes } from "../../../src/core/mod.ts";
import { textOf } from "./support/byte_strings.ts";
import { CUT, CUT_OFF, INVALID, LOST, TOO_LARGE, truncating } from "./support/decode.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { OCTET_COUNTED_TABLE } from "./support/octet_counted_table.ts";
import { agrees, anyBytes, roundTrips } from "./support/properties.ts";
import { decimalPrefix } from "./support/split_prefixed.ts";

describe("octetCounted decoder", () => {
  it.each(OCTET_COUNTED_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

/** The handling of a message that is too long, and of the last one. */
type Mode = "reject" | "truncate" | "deliver";

/** Computed from the whole input in the most obvious way. */
function splitSyslog(bytes: Bytes, max: number, mode: Mode, ends: RegExp): string[] {
  const input = textOf(bytes);
  const tooLarge = (message: string) => (mode === "truncate" ? `${message.slice(0, max)}${CUT}` : TOO_LARGE);
  const given: string[] = [];
  for (let at = 0; at < input.length; ) {
    if (/\d/.test(input[at] as string)) {
      const prefix = decimalPrefix(input, at, " ");
      if (prefix === "cut off") return [...given, CUT_OFF];
      if (prefix === "invalid" || prefix.length === 0) return [...given, INVALID, LOST];
      at = prefix.start + prefix.length;
      const beginning = input.slice(prefix.start, at);
      if (prefix.length > max && (mode !== "truncate" || beginning.length >= max)) given.push(tooLarge(beginning));
      if (at > input.length) return [...given, CUT_OFF];
      if (prefix.length <= max) given.push(input.slice(prefix.start, at));
    } else {
      const length = input.slice(at).search(ends);
      const whole = input.slice(at, length < 0 ? undefined : at + length);
      const line = input[at + length] === "\n" && length >= 0 ? whole.replace(/\r$/, "") : whole;
      if (length < 0 && mode === "deliver") return [...given, line.length > max ? TOO_LARGE : line];
      const crlf = length < 0 && ends.test("\n");
      if (line.replace(/\r$/, crlf ? "" : "\r").length > max) given.push(tooLarge(line));
      else if (length >= 0 && line !== "") given.push(line);
      if (length < 0) return [...given, CUT_OFF];
      at += length + 1;
    }
  }
  return given;
}

describe("octetCounted against a model", () => {
  const pieces = ["1 ", "2 ", "5 ", "10 ", "0", "3", "<1>", "a", "bc", "\n", "\r\n", "\r", " ", "\xff", "\0"];

  it.each([1, 4, 10, Infinity])("with a limit of %d", (max) => {
    const ends = /[\n\0]/;
    const options = { maxFrameBytes: max };
    agrees(octetCounted(options), pieces, (input) => splitSyslog(input, max, "reject", ends));
    agrees(truncating(octetCounted(options)), pieces, (input) => splitSyslog(input, max, "truncate", ends));
    agrees(octetCounted({ ...options, unterminated: "deliver" }), pieces, (input) =>
      splitSyslog(input, max, "deliver", ends),
    );
  });

  it.each([
    ["\n", /\n/],
    ["\0", /\0/],
    [[";", "\n", "a"], /[;\na]/],
  ])("splits as the model does with the delimiter %j", (delimiter, ends) => {
    agrees(octetCounted({ delimiter, maxFrameBytes: 4 }), [...pieces, ";"], (input) =>
      splitSyslog(input, 4, "reject", ends),
    );
  });
});

describe("octetCounted encoder", () => {
  it("counts the bytes, not the characters", () => {
    expect(textOf(encode(octetCounted(), ["<1>a", "é\n", Uint8Array.of(0, 0x31)]))).toBe("4 <1>a3 \xc3\xa9\n2 \x001");
  });

  it.each([[""], [new Uint8Array(0)], [42], [null], [undefined], [{}], [[1]], [new ArrayBuffer(2)]])(
    "refuses %o as a frame",
    (frame) => {
      expect(refusal(octetCounted(), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
    },
  );

  it("is undone by the decoder", () => {
    roundTrips(octetCounted(), anyBytes(300));
  });
});

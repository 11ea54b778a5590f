import { describe, expect } from "vitest";
import {
  bytes,
  contentLength,
  delimited,
  fixedLength,
  int16,
  int32,
  json,
  lengthPrefixed,
  lines,
  mapCodec,
  netstrings,
  octetCounted,
  text,
  varintPrefixed,
} from "../../src/core/codecs/mod.ts";
import type { Codec, Encoder } from "../../src/mod.ts";
import { raw } from "../core/codecs/support/byte_strings.ts";
import { CUT, frameText, INVALID, LOST, TOO_LARGE } from "../core/codecs/support/decode.ts";
import type { CodecCase } from "../core/codecs/support/every_chunking.ts";
import { TABLES } from "../core/codecs/support/tables.ts";
import { type Platform, start, testOn } from "./support/platform.ts";

/** The frames that every codec decodes from a connection's bytes: the same as from any chunks. */
export function codecs(platform: Platform): void {
  describe("codecs", () => {
    for (const { name, table } of TABLES) {
      for (const policy of ["close", "skip"] as const) {
        testOn(platform, `give every row of their table over a connection, with ${policy}: ${name}`, async () => {
          for (const row of table) await serveRow(platform, row, policy);
        });
      }
    }

    testOn(platform, "a codec without a fault frame ends the connection without one", async () => {
      const { dial, closed } = await start(platform, { codec: netstrings(), handler: (frame) => frame });
      const client = await dial();
      client.send("5:hello,1:a1:b,");
      expect(await client.rest()).toBe("5:hello,");
      expect((await closed()).reason).toBe("frame-invalid");
    });

    for (const [name, codec, frames] of ECHOED) {
      testOn(platform, `echo frames as the same bytes: ${name}`, async () => {
        const { dial } = await start(platform, { codec, handler: (frame) => frame as never });
        const client = await dial();
        client.send(raw(frames));
        client.finish();
        expect(await client.rest()).toBe(frames);
      });
    }
  });
}

/** Sends the whole input at once, then FIN, and has every frame told. */
async function serveRow(platform: Platform, row: CodecCase, policy: "close" | "skip"): Promise<void> {
  const { dial, closed, events } = await start(platform, {
    codec: { decoder: () => row.codec.decoder(), encoder: () => teller },
    handler: (frame, { truncated }) => `${frameText(frame)}${truncated ? CUT : ""}`,
    invalidFrame: policy,
  });
  const client = await dial();
  client.send(row.input);
  client.finish();
  const told = await client.rest();
  const { told: expected, skipped, reason } = outcome(row.gives, policy);
  expect(told.split("\n").slice(0, -1), row.name).toEqual(expected.map((line) => JSON.stringify(line)));
  expect((await closed()).reason, row.name).toBe(reason);
  const errors = events.filter((event) => event.type === "frame-error");
  expect(
    errors.filter((event) => event.skipped).map(({ error }) => `!${error.code}`),
    row.name,
  ).toEqual(skipped);
  expect(errors, row.name).toHaveLength(skipped.length + (reason === "remote-closed" ? 0 : 1));
}

/** Says what the frames were, a line each. */
const teller: Encoder<string> = {
  encode: (frame, output) => output.text(`${JSON.stringify(frame)}\n`),
  encodeFault: (reason, output) => output.text(`${JSON.stringify(`!${reason}`)}\n`),
};

/** Returns the frames and errors of a row that a connection gets: all up to the first error that is not skipped. */
function outcome(gives: readonly string[], policy: "close" | "skip") {
  const told: string[] = [];
  const skipped: string[] = [];
  for (const [index, given] of gives.entries()) {
    const skippable = [INVALID, TOO_LARGE].includes(given) && gives[index + 1] !== LOST;
    if (policy === "skip" && skippable) skipped.push(given);
    else told.push(given);
    if (given.startsWith("!") && !(policy === "skip" && skippable)) return { told, skipped, reason: given.slice(1) };
  }
  return { told, skipped, reason: "remote-closed" };
}

/** Bytes that are ASCII, so that they can be compared as text. */
const ECHOED: readonly [string, Codec<unknown, never>, string][] = [
  ["bytes", bytes(), "a\r\n\0b"],
  ["delimited", delimited({ delimiter: "\r\n.\r\n" }), "a\r\nb\r\n.\r\n\r\n.\r\nc\r\n.\r\n"],
  ["fixedLength", fixedLength({ bytes: 3 }), "abcdef\0\0\0"],
  ["lengthPrefixed", lengthPrefixed({ width: 2 }), "\0\x03abc\0\0\0\x01d"],
  [
    "lengthPrefixed with its header",
    lengthPrefixed({ width: 2, lengthOffset: 1, stripHeader: false }),
    "x\0\x03abcy\0\0",
  ],
  ["varintPrefixed", varintPrefixed(), "\x03abc\0\x01d"],
  ["netstrings", netstrings(), "5:hello,0:,1:x,"],
  ["octetCounted", octetCounted(), "5 <13>a3 <1>"],
  ["contentLength", contentLength(), "Content-Length: 2\r\n\r\n{}Content-Length: 0\r\n\r\n"],
  ["int16", int16(), "\0\x01\x7f\x7f"],
  ["int32", int32({ endian: "little" }), "\x01\0\0\0\0\x7f\0\x01"],
  ["lines with CRLF", lines({ terminator: "\r\n" }), "a\r\n\r\nb\r\n"],
  ["text", text(netstrings()), "5:hello,0:,"],
  ["json", json(contentLength()), 'Content-Length: 7\r\n\r\n{"a":1}Content-Length: 4\r\n\r\nnull'],
  ["mapCodec", mapCodec(text(netstrings()), { decode: Number, encode: String }), "2:42,2:-1,"],
];

// The messages between a fleet and its workers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packError, packValue, REFUSAL, unpackReply, unpackRequest } from "../../src/compute/fleet_message.ts";

/** Text without halves of surrogate pairs, which UTF-8 has not. */
const text = fc.string({ unit: "grapheme" });

describe("a message of a fleet", () => {
  it("carries text, bytes and JSON unchanged, as a request and as a reply", () => {
    const value = fc.oneof(text, fc.uint8Array(), fc.jsonValue());
    fc.assert(
      fc.property(value, (one) => {
        const message = packValue(one);
        // JSON has no -0.
        const same =
          typeof one === "string" || one instanceof Uint8Array ? one : (JSON.parse(JSON.stringify(one)) as unknown);
        expect(unpackRequest(message)).toEqual(same);
        expect(unpackReply(message)).toEqual({ kind: "reply", value: same });
      }),
    );
  });

  it("keeps a BOM at the beginning of text", () => {
    expect(unpackRequest(packValue("\uFEFFa"))).toBe("\uFEFFa");
  });

  it("gives bytes of its own, and not a part of what came", () => {
    const message = packValue(Uint8Array.of(1, 2));
    const bytes = unpackRequest(message) as Uint8Array;
    message.fill(9);
    expect([bytes, bytes.buffer.byteLength]).toEqual([Uint8Array.of(1, 2), 2]);
  });

  it("says that there is no reply, and that a frame was refused", () => {
    expect(unpackReply(packValue(undefined))).toEqual({ kind: "reply", value: undefined });
    expect(unpackReply(REFUSAL)).toEqual({ kind: "refused" });
  });

  it("carries an error with its name, code and causes", () => {
    const thrown = Object.assign(new RangeError("too far", { cause: new Error("the map ends") }), { code: "E_FAR" });
    expect(unpackReply(packError(thrown))).toMatchObject({
      kind: "error",
      error: { name: "RangeError", message: "too far", code: "E_FAR", cause: { message: "the map ends" } },
    });
  });

  it.each([
    ["a function", () => 1, "not function"],
    ["a symbol", Symbol("a"), "not symbol"],
    ["a bigint", 1n, "carries text, bytes and JSON"],
    ["a stream", (async function* () {})(), "not a stream"],
  ])("refuses %s, which it cannot carry", (_, value, message) => {
    expect(() => packValue(value)).toThrow(message);
  });

  it.each([[[]], [[0]], [[0x6a, 0x7b]], [[0x65, 0x31]], [[0xff, 0xff]]])("throws for the bytes %j", (bytes) => {
    expect(() => unpackReply(Uint8Array.from(bytes))).toThrow(Error);
  });

  it("of any bytes is understood, or refused with an error", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          expect(["reply", "error", "refused"]).toContain(unpackReply(bytes).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

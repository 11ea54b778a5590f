import { describe, expect, it } from "vitest";
import { type Reply, replyEncoder } from "../../examples/resp/replies.ts";
import { OutputBuffer } from "../../src/core/output/output_buffer.ts";
import type { CloseReason } from "../../src/mod.ts";
import { faultText } from "../core/codecs/support/encode.ts";
import { textOf } from "./support/resp_decoding.ts";

function written(output: OutputBuffer): string {
  let text = "";
  while (output.length > 0) text += textOf(output.take());
  return text;
}

function encoded(...replies: readonly Reply[]): string {
  const output = new OutputBuffer();
  for (const reply of replies) output.frame(replyEncoder, reply);
  return written(output);
}

describe("resp encoder", () => {
  it.each<[string, Reply, string]>([
    ["a simple string", { status: "OK" }, "+OK\r\n"],
    ["an error", { error: "ERR no" }, "-ERR no\r\n"],
    ["zero", 0, ":0\r\n"],
    ["a negative number", -42, ":-42\r\n"],
    ["the largest integer", 2n ** 63n - 1n, ":9223372036854775807\r\n"],
    ["the smallest integer", -(2n ** 63n), ":-9223372036854775808\r\n"],
    ["a string", "h\u00e9\r\n", "$5\r\nh\xc3\xa9\r\n\r\n"],
    ["bytes", new Uint8Array([0xff, 0x00, 0x0d, 0x0a]), "$4\r\n\xff\0\r\n\r\n"],
    ["an empty string", "", "$0\r\n\r\n"],
    ["no bytes", new Uint8Array(0), "$0\r\n\r\n"],
    ["null", null, "$-1\r\n"],
    ["an empty array", [], "*0\r\n"],
    ["an array in an array", [1, ["a", null], { status: "OK" }], "*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n+OK\r\n"],
  ])("writes a reply as RESP does: %s", (_name, reply, expected) => {
    expect(encoded(reply)).toBe(expected);
  });

  it("puts one reply behind the other", () => {
    expect(encoded({ status: "OK" }, "a", 1)).toBe("+OK\r\n$1\r\na\r\n:1\r\n");
  });

  it.each<[string, unknown]>([
    ["half a number", 0.5],
    ["a number that is not exact", 2 ** 53],
    ["an integer that is too large", 2n ** 63n],
    ["a status of two lines", { status: "OK\r\nOK" }],
    ["an error with a CR", { error: "ERR\r" }],
    ["a status that is no string", { status: 1 }],
    ["an object of another kind", {}],
    ["a boolean", true],
    ["a function", () => 1],
    ["an array with one of these", [1, "a", [undefined]]],
  ])("refuses %s, and puts nothing out", (_name, reply) => {
    const output = new OutputBuffer();
    const encode = () => output.frame(replyEncoder, reply as Reply);
    expect(encode).toThrow(expect.objectContaining({ code: "reply-invalid" }));
    expect(output.length).toBe(0);
  });

  it.each<[CloseReason, string]>([
    ["frame-invalid", "-ERR Protocol error: unbalanced quotes in request\r\n"],
    ["frame-too-large", "-ERR Protocol error: unbalanced quotes in request\r\n"],
    ["handler-failed", "-ERR handler-failed\r\n"],
    ["too-many-connections", "-ERR max number of clients reached\r\n"],
    ["handler-timeout", "-ERR handler-timeout\r\n"],
    ["unexpected-eof", ""],
  ])("of %s, it says what it may", (reason, expected) => {
    expect(faultText(replyEncoder, reason, "unbalanced quotes in request")).toBe(expected);
  });
});

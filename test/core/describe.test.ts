import { describe, expect, it } from "vitest";
import { mapCodec } from "../../src/core/codecs/mod.ts";
import { describe as describeThrown, lines, SpillwayError, takeApart } from "../../src/core/mod.ts";
import { HOSTILE } from "./support/hostile.ts";
import { served } from "./support/served.ts";

describe("a thrown value", () => {
  it.each(HOSTILE)("is described: %s", (_name, thrown, text) => {
    expect(describeThrown(thrown)).toBe(text);
    expect(() => structuredClone(takeApart(thrown))).not.toThrow();
    expect(thrown instanceof SpillwayError).toBe(false);
  });

  it.each(HOSTILE)("by a synchronous handler ends its connection alone: %s", async (_name, thrown, text) => {
    const harness = await served({
      handler: () => {
        throw thrown;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect([peer.received, harness.reasons]).toEqual(["error: handler-failed\n", ["handler-failed"]]);
    expect(harness.of("handler-error").map(({ error }) => error.message)).toEqual([`the handler threw: ${text}`]);
  });

  it.each(HOSTILE)("by an asynchronous handler, a stream and a codec does the same: %s", async (_name, thrown) => {
    const refuse = (): never => {
      throw thrown;
    };
    const harness = await served({
      codec: mapCodec(lines(), {
        decode: (line) => (line === "bad" ? refuse() : line),
        encode: (line: string) => line,
      }),
      handler: async function* (line) {
        if (line === "stream") refuse();
        yield line;
      },
      onConnect: async ({ connection }) => (connection.id === 1 ? refuse() : undefined),
    });
    const first = await harness.connect();
    const second = await harness.connect();
    const third = await harness.connect();
    await second.send("stream\n");
    await third.send("bad\n");
    expect([first.received, second.received, third.received]).toEqual([
      "error: handler-failed\n",
      "error: handler-failed\n",
      "error: frame-invalid\n",
    ]);
  });

  it("is not taken for one of ours when it throws on being asked", () => {
    const code = {
      get: () => {
        throw new Error("a trap");
      },
    };
    const error = Object.defineProperty(new Error("x"), "name", code);
    expect(error instanceof SpillwayError).toBe(false);
    expect(new Proxy(new SpillwayError("frame-invalid", "x"), code) instanceof SpillwayError).toBe(false);
  });
});

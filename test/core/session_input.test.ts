import { describe, expect, it } from "vitest";
import { netstrings, text } from "../../src/core/codecs/mod.ts";
import { lines, type ServeOptions } from "../../src/core/mod.ts";
import { withSignal } from "../../src/middleware/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

const four = lines({ maxFrameBytes: 4, fatal: true });
const INVALID = new Uint8Array([0xff, 0x0a]);

describe("a frame that breaks a rule", () => {
  it.each([
    ["frame-too-large", "too long\n"],
    ["frame-too-large", "too long and no end"],
    ["frame-invalid", INVALID],
  ])("ends the connection as %s, behind the replies before it", async (reason, data) => {
    const harness = await served({ codec: four });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.send(data);
    await peer.send("c\n");
    expect(peer.received).toBe(`A\nB\nerror: ${reason}\n`);
    expect(harness.closed).toMatchObject([{ reason, framesIn: 2, framesOut: 2, error: { code: reason } }]);
    expect(harness.of("frame-error")).toMatchObject([{ error: { code: reason }, skipped: false }]);
  });

  it("waits for earlier answers, and handles none behind", async () => {
    const pending = answers();
    const harness = await served({ codec: four, concurrency: 4, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\ntoo long\nb\n");
    expect(pending.frames).toEqual(["a"]);
    expect(peer.received).toBe("");
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nerror: frame-too-large\n");
  });

  it("is skipped, reported, and nothing else is lost", async () => {
    const harness = await served({ codec: four, invalidFrame: "skip" });
    const peer = await harness.connect();
    await peer.send("a\ntoo long\nb\n");
    await peer.send(INVALID);
    await peer.send("too ");
    await peer.send("long");
    await peer.send(" again\nc\n");
    expect(peer.received).toBe("A\nB\nC\n");
    expect(harness.of("frame-error").map(({ error, skipped }) => [error.code, skipped])).toEqual([
      ["frame-too-large", true],
      ["frame-invalid", true],
      ["frame-too-large", true],
    ]);
    await peer.finish();
    expect(harness.closed).toMatchObject([{ reason: "remote-closed", framesIn: 3, framesOut: 3 }]);
  });
});

describe('a frame that is too large, with invalidFrame "truncate"', () => {
  const marks: Pick<ServeOptions<string, string>, "handler" | "invalidFrame"> = {
    invalidFrame: "truncate",
    handler: (line, { truncated }) => `${line}${truncated ? "..." : ""}`,
  };

  it("is handled as far as it may be long, at once, and marked; nothing else is lost", async () => {
    const harness = await served({ codec: four, ...marks });
    const peer = await harness.connect();
    await peer.send("a\ntoo lo");
    expect(peer.received).toBe("a\ntoo ...\n");
    await peer.send("ng, and more");
    await peer.send(" of it\nb\n");
    expect(peer.received).toBe("a\ntoo ...\nb\n");
    await peer.finish();
    expect(harness.of("frame-error")).toEqual([]);
    expect(harness.closed).toMatchObject([{ reason: "remote-closed", framesIn: 3, framesOut: 3 }]);
  });

  it("is marked for each frame by itself, whatever else is in flight and through middleware", async () => {
    const pending = answers();
    const contexts: boolean[] = [];
    const harness = await served({
      codec: four,
      invalidFrame: "truncate",
      concurrency: 3,
      middleware: [(line, context, next) => next(line, withSignal(context, new AbortController().signal))],
      handler: (line, context) => {
        contexts.push(context.truncated);
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nbbbbbb\nc\n");
    expect(pending.frames).toEqual(["a", "bbbb", "c"]);
    expect(contexts).toEqual([false, true, false]);
    for (const frame of pending.frames) pending.of(frame).resolve(frame);
    await harness.settle();
    expect(peer.received).toBe("a\nbbbb\nc\n");
  });

  it("is dropped where it is malformed", async () => {
    const harness = await served({ codec: lines({ fatal: true, maxFrameBytes: 4 }), ...marks });
    const peer = await harness.connect();
    await peer.send(INVALID);
    await peer.send("abcdef\nb\n");
    expect(peer.received).toBe("abcd...\nb\n");
    expect(harness.of("frame-error").map(({ error, skipped }) => [error.code, skipped])).toEqual([
      ["frame-invalid", true],
    ]);
  });

  it("has the frame deadline for what is dropped of it, too", async () => {
    const harness = await served({ codec: four, ...marks, frameTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await peer.send("abcdef");
    await harness.clock.advance(1_000);
    expect(peer.received).toBe("abcd...\nerror: frame-timeout\n");
    await peer.finish();
    expect(harness.reasons).toEqual(["frame-timeout"]);
  });

  it("keeps the connection from an upgrade while the rest of it is to come: that is no frame of another codec", async () => {
    const harness = await served({
      codec: four,
      invalidFrame: "truncate",
      handler: (line, context) => {
        context.upgrade({ codec: lines(), handler: (next) => `upgraded ${next}` });
        return line;
      },
    });
    const whole = await harness.connect();
    await whole.send("abcdef\nnext\n");
    expect(whole.received).toBe("abcd\nupgraded next\n");
    const begun = await harness.connect();
    await begun.send("abcdef");
    await begun.send("next\n");
    expect(begun.received).toBe("error: handler-failed\n");
    await begun.finish();
    expect(harness.reasons).toEqual(["handler-failed"]);
    expect(harness.of("handler-error")[0]?.error.cause).toBeInstanceOf(TypeError);
  });

  it("keeps the connection from an upgrade to a codec that cannot truncate", async () => {
    const harness = await served({
      ...marks,
      codec: four,
      handler: (_, context) => context.upgrade({ codec: netstrings(), handler: () => undefined }),
    });
    const peer = await harness.connect();
    await peer.send("abc\n");
    await peer.finish();
    expect(harness.reasons).toEqual(["handler-failed"]);
    expect(harness.of("handler-error")[0]?.error.cause).toBeInstanceOf(TypeError);
  });
});

describe("the peer's FIN", () => {
  it("ends the connection when all is answered", async () => {
    const harness = await served();
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.finish();
    expect(peer.received).toBe("A\nB\n");
    expect(harness.closed).toMatchObject([
      { reason: "remote-closed", framesIn: 2, framesOut: 2, bytesIn: 4, bytesOut: 4 },
    ]);
    expect(harness.closed[0]).not.toHaveProperty("error");
  });

  it("at once is no fault", async () => {
    const harness = await served();
    const peer = await harness.connect();
    await peer.finish();
    expect(peer.ended).toBe(true);
    expect(harness.reasons).toEqual(["remote-closed"]);
  });

  it("does not stop the replies to what came before it", async () => {
    const pending = answers();
    const harness = await served({
      handler: pending.handler,
      idleTimeoutMs: 100,
      frameTimeoutMs: 100,
      lifetimeMs: 100,
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.finish();
    await harness.clock.advance(5_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(5_000);
    pending.of("b").resolve("B");
    await harness.settle();
    expect(peer.received).toBe("A\nB\n");
    expect(harness.closed).toMatchObject([{ reason: "remote-closed", durationMs: 10_000 }]);
  });

  it("does not cut a long reply short", async () => {
    const harness = await served({ handler: (line) => line.repeat(16) });
    const peer = await harness.connect({ reads: false });
    await peer.send(`${"x".repeat(60_000)}\n`);
    await peer.finish();
    await harness.clock.advance(10_000);
    await peer.read();
    expect(peer.receivedBytes).toBe(16 * 60_000 + 1);
    expect(harness.reasons).toEqual(["remote-closed"]);
  });

  it("inside a frame is unexpected, and the frame is not handled", async () => {
    const handled: string[] = [];
    const harness = await served({ handler: (line) => void handled.push(line) });
    const peer = await harness.connect();
    await peer.send("DELETE 1\nDELETE 10");
    await peer.finish();
    expect(handled).toEqual(["DELETE 1"]);
    expect(peer.received).toBe("error: unexpected-eof\n");
    expect(harness.closed).toMatchObject([{ reason: "unexpected-eof", framesIn: 1 }]);
    expect(harness.of("frame-error")).toMatchObject([{ error: { code: "unexpected-eof" }, skipped: false }]);
  });

  it("inside a frame is not skipped over", async () => {
    const harness = await served({ codec: four, invalidFrame: "skip" });
    const peer = await harness.connect();
    await peer.send("a\nfar too long");
    await peer.finish();
    expect(peer.received).toBe("A\nerror: unexpected-eof\n");
    expect(harness.of("frame-error").map(({ error }) => error.code)).toEqual(["frame-too-large", "unexpected-eof"]);
    expect(harness.reasons).toEqual(["unexpected-eof"]);
  });

  it("ends a line where the codec says so", async () => {
    const harness = await served({ codec: lines({ unterminated: "deliver" }) });
    const peer = await harness.connect();
    await peer.send("a\nb");
    await peer.finish();
    expect(peer.received).toBe("A\nB\n");
    expect(harness.reasons).toEqual(["remote-closed"]);
  });
});

describe("a reset", () => {
  it.each([
    ["while idle", ""],
    ["within a frame", "a\nhal"],
    ["while computing", "a\nslow\n"],
  ])("%s ends the connection as connection-reset", async (_name, data) => {
    const harness = await served({ handler: (line) => (line === "slow" ? new Promise<string>(() => {}) : line) });
    const [peer, bystander] = [await harness.connect(), await harness.connect()];
    if (data !== "") await peer.send(data);
    await peer.reset();
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", error: { code: "connection-reset" } }]);
    await bystander.send("b\n");
    expect(bystander.received).toBe("b\n");
  });

  it("during a write ends it so too", async () => {
    const harness = await served({ handler: (line) => line.repeat(10_000) }, 512);
    const peer = await harness.connect({ reads: false });
    await peer.send("abc\n");
    await peer.reset();
    expect(harness.reasons).toEqual(["connection-reset"]);
  });

  it("after all was answered and FIN was sent leaves the reason as it was", async () => {
    const harness = await served({ idleTimeoutMs: 100 });
    const peer = await harness.connect({ finishes: false });
    await harness.clock.advance(100);
    await peer.reset();
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout" }]);
  });

  it("before the connection was accepted is one as well", async () => {
    const harness = await served({ maxConnections: 1 });
    const first = await harness.connect();
    const waiting = await harness.connect();
    await waiting.send("a\n");
    await waiting.reset();
    await first.finish();
    expect(harness.reasons).toEqual(["remote-closed", "connection-reset"]);
  });
});

describe("frames", () => {
  it("may come in any pieces and in any number", async () => {
    const harness = await served();
    const peer = await harness.connect();
    const bytes = new TextEncoder().encode("één\r\nzwei €\ndrei\r\n");
    for (const byte of bytes) await peer.send(new Uint8Array([byte]));
    expect(peer.received).toBe("ÉÉN\nZWEI €\nDREI\n");
    await peer.send("x\n".repeat(10_000));
    expect(peer.received).toBe(`ÉÉN\nZWEI €\nDREI\n${"X\n".repeat(10_000)}`);
  });

  it("do not change when their chunk is read into again", async () => {
    const kept: Uint8Array[] = [];
    const bytes = lines({ encoding: "bytes" });
    const handler = (line: Uint8Array) => {
      kept.push(line);
      return line;
    };
    const harness = await served({ handler: (_, context) => context.upgrade({ codec: bytes, handler }) });
    const peer = await harness.connect();
    // One chunk for both codecs: frames of the second are views of what the first would have given back.
    await peer.send("upgrade\none\ntwo\n");
    await peer.send("three\n");
    expect(peer.received).toBe("one\ntwo\nthree\n");
    expect(kept.map((line) => new TextDecoder().decode(line))).toEqual(["one", "two", "three"]);
  });

  it("behind a stop are not handled", async () => {
    const handled: string[] = [];
    const harness = await served({ idleTimeoutMs: 100, handler: (line) => void handled.push(line) });
    const peer = await harness.connect({ finishes: false });
    await harness.clock.advance(100);
    await peer.send("a\n");
    await peer.finish();
    expect(handled).toEqual([]);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", framesIn: 0, bytesIn: 2, bytesDiscarded: 2 }]);
  });
});

describe("a frame that hides where the next one begins", () => {
  it("ends the connection even where broken frames are skipped", async () => {
    const harness = await served({ codec: text(netstrings()), invalidFrame: "skip" });
    const peer = await harness.connect();
    await peer.send("1:a,1:b;1:c,");
    expect(peer.received).toBe("1:A,");
    expect(peer.ended).toBe(true);
    expect(harness.of("frame-error")).toMatchObject([{ error: { code: "frame-invalid" }, skipped: false }]);
    expect(harness.closed).toMatchObject([{ reason: "frame-invalid", framesIn: 1 }]);
  });
});

describe("input behind a broken frame", () => {
  it("is read and dropped while earlier answers are computed: the peer need not wait to send it", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 2, codec: lines({ maxFrameBytes: 8 }), handler: pending.handler }, 64);
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.send(`${"x".repeat(20)}\n`);
    for (let sent = 0; sent < 10; sent++) await peer.send("more\n".repeat(10));
    expect(harness.server.stats().bytesIn).toBe(2 + 21 + 500);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nerror: frame-too-large\n");
    expect(harness.closed).toMatchObject([{ reason: "frame-too-large", framesIn: 1 }]);
    expect(pending.frames).toEqual(["a"]);
  });
});

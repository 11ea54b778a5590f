import { describe, expect, it } from "vitest";
import { type Handler, lines } from "../../src/core/mod.ts";
import { raw, utf8 } from "./codecs/support/byte_strings.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";
import { binary, exchanged, handshake } from "./support/upgrading.ts";

const INPUT = "hello\nbinary\n\x03a\nb\x02cd\0";
const OUTPUT = "HELLO\nok\n\x05<a\nb>\x04<cd>\x02<>";

describe("upgrade: text and then binary", () => {
  it("in one segment", async () => {
    const harness = await served({ handler: handshake });
    expect(await exchanged(harness, INPUT)).toBe(OUTPUT);
    expect(harness.closed).toMatchObject([{ reason: "remote-closed", framesIn: 5, framesOut: 5 }]);
  });

  it("byte by byte", async () => {
    const harness = await served({ handler: handshake });
    expect(await exchanged(harness, ...INPUT.split(""))).toBe(OUTPUT);
  });

  it("cut in two anywhere", async () => {
    const harness = await served({ handler: handshake });
    for (let at = 0; at <= INPUT.length; at++) {
      expect(await exchanged(harness, INPUT.slice(0, at), INPUT.slice(at)), `cut at ${at}`).toBe(OUTPUT);
    }
  });

  it("without a reply to the frame that asked for it", async () => {
    const quiet: Handler<string, string> = (line, context) => void handshake(line, context);
    const harness = await served({ handler: quiet });
    expect(await exchanged(harness, "binary\n\x01a")).toBe("\x03<a>");
  });

  it("behind lines that are not ASCII, or no UTF-8", async () => {
    const input = [...utf8("größe\n😀 €\n"), 0xff, 0xc3, 0x0a, ...utf8("binary\n\x04😀\x02é\nbinary\n")];
    for (const codec of [lines(), lines({ encoding: "latin1" }), lines({ maxFrameBytes: 12 })]) {
      const handler: Handler<string, string> = (line, context) =>
        line === "binary" ? handshake(line, context) : "got";
      const harness = await served({ codec, handler });
      for (let at = 0; at <= input.length; at++) {
        const cut = [Uint8Array.from(input.slice(0, at)), Uint8Array.from(input.slice(at))];
        expect(await exchanged(harness, ...cut), `cut at ${at}`).toBe("got\ngot\ngot\nok\n\x06<😀>\x04<é>");
      }
    }
  });

  it("behind a line that was dropped", async () => {
    const harness = await served({
      codec: lines({ fatal: true, maxFrameBytes: 8 }),
      handler: handshake,
      invalidFrame: "skip",
    });
    expect(await exchanged(harness, "\xff\n123456789\nbinary\n\x01a")).toBe("ok\n\x03<a>");
    expect(harness.of("frame-error").map(({ error }) => error.code)).toEqual(["frame-invalid", "frame-too-large"]);
  });

  it("more than a line's limit behind the line that asks for it", async () => {
    const harness = await served({ codec: lines({ maxFrameBytes: 10 }), handler: handshake });
    const long = "x".repeat(100);
    for (const chunks of [
      [`binary\n\x64${long}`],
      ["bin", `ary\n\x64${long}`],
      [`binary\n\x64${long.slice(0, 20)}`, long.slice(20)],
    ]) {
      expect(await exchanged(harness, ...chunks)).toBe(`ok\n\x66<${long}>`);
    }
  });

  it("bytes that the old codec would refuse", async () => {
    const harness = await served({ codec: lines({ fatal: true, maxFrameBytes: 10 }), handler: handshake });
    expect(await exchanged(harness, "binary\n\x0c1234567890\n\n")).toBe("ok\n\x0e<1234567890\n\n>");
  });
});

describe("upgrade by an asynchronous handler", () => {
  it("before it waits: what follows is the new codec's, and waits its turn", async () => {
    const pending = answers();
    const harness = await served({
      handler: (line, context) => {
        context.upgrade(binary);
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send(raw("binary\n\x01a"));
    expect(peer.received).toBe("");
    pending.of("binary").resolve("ok");
    await harness.settle();
    expect(peer.received).toBe("ok\n\x03<a>");
  });

  it("after it has waited", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send(raw("binary\n\x01a\x01"));
    pending.of("binary").context.upgrade(binary);
    await harness.settle();
    expect(peer.received).toBe("");
    await peer.send(raw("b\x01c"));
    pending.of("binary").resolve("ok");
    await harness.settle();
    expect(peer.received).toBe("ok\n\x03<a>\x03<b>\x03<c>");
  });

  it("answers frames that were taken before by the old encoder, in order", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 4, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send(raw("a\nb\nc\n\x01x\x01"));
    expect(pending.frames).toEqual(["a", "b", "c"]);
    pending.of("b").context.upgrade(binary);
    await peer.send(raw("y"));
    for (const frame of ["c", "b", "a"]) pending.of(frame).resolve(frame.toUpperCase());
    await harness.settle();
    expect(peer.received).toBe("A\nB\nC\n\x03<x>\x03<y>");
  });

  it("has the new handler at work while old frames are not answered", async () => {
    const [old, fresh] = [answers(), answers()];
    const harness = await served({
      concurrency: 3,
      handler: (line, context) => {
        if (line === "slow") return old.handler(line, context);
        context.upgrade({ codec: binary.codec, handler: fresh.handler });
        return "ok";
      },
    });
    const peer = await harness.connect();
    await peer.send(raw("slow\nbinary\n\x01x\x01y"));
    expect(fresh.frames).toEqual(["x"]);
    fresh.of("x").resolve("X");
    await harness.settle();
    expect(peer.received).toBe("");
    old.of("slow").resolve("SLOW");
    await harness.settle();
    expect(peer.received).toBe("SLOW\nok\n\x01X");
    fresh.of("y").resolve("Y");
    await harness.settle();
    expect(peer.received).toBe("SLOW\nok\n\x01X\x01Y");
  });

  it("after the peer has finished", async () => {
    for (const concurrency of [1, 2]) {
      const pending = answers();
      const harness = await served({ concurrency, handler: pending.handler });
      const peer = await harness.connect();
      await peer.send(concurrency === 1 ? raw("binary\n\x01a") : raw("binary\n"));
      await peer.finish();
      pending.of("binary").context.upgrade(binary);
      pending.of("binary").resolve("ok");
      await harness.settle();
      expect(peer.received).toBe(concurrency === 1 ? "ok\n\x03<a>" : "ok\n");
      expect(harness.reasons).toEqual(["remote-closed"]);
    }
  });

  it("after the old decoder was told of the end: the new one is told too", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 2, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("binary\n");
    await peer.finish();
    const last = ["last"];
    let ended = false;
    const atEnd = {
      push() {},
      next: () => (ended ? last.pop() : undefined),
      end: () => void (ended = true),
      midFrame: false,
    };
    pending.of("binary").context.upgrade({ codec: { ...lines(), decoder: () => atEnd }, handler: (frame) => frame });
    pending.of("binary").resolve("ok");
    await harness.settle();
    expect(peer.received).toBe("ok\nlast\n");
  });
});

describe("upgrade more than once", () => {
  it("from one codec to the next", async () => {
    const back: Handler<string, string> = (frame, context) => {
      if (frame !== "lines") return `<${frame}>`;
      context.upgrade({ codec: lines(), handler: handshakeBack });
      return "bye";
    };
    const handshakeBack: Handler<string, string> = (line, context) => {
      if (line !== "binary") return line.toUpperCase();
      context.upgrade({ codec: binary.codec, handler: back });
      return "ok";
    };
    const harness = await served({ handler: handshakeBack });
    const input = "a\nbinary\n\x01b\x05linesc\nbinary\n\x01d";
    const output = "A\nok\n\x03<b>\x03byeC\nok\n\x03<d>";
    for (let at = 0; at <= input.length; at++) {
      expect(await exchanged(harness, input.slice(0, at), input.slice(at)), `cut at ${at}`).toBe(output);
    }
  });

  it("by one handler: the last one counts", async () => {
    const harness = await served({
      handler: (_, context) => {
        context.upgrade({ codec: lines({ maxFrameBytes: 1 }), handler: (line) => `never ${line}` });
        context.upgrade(binary);
        return "ok";
      },
    });
    expect(await exchanged(harness, "binary\n\x01a\x01b")).toBe("ok\n\x03<a>\x03<b>");
  });

  it("by two frames that are computed at once: the last call counts, and nothing is lost", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 2, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send(raw("a\nb\n\x01x"));
    pending.of("b").context.upgrade({ codec: lines(), handler: (line) => `never ${line}` });
    pending.of("a").context.upgrade(binary);
    pending.of("a").resolve("A");
    pending.of("b").resolve("B");
    await harness.settle();
    expect(peer.received).toBe("A\nB\n\x03<x>");
  });
});

describe("upgrade at an end", () => {
  it("with bytes left: the new codec says what they are", async () => {
    const harness = await served({ handler: handshake });
    expect(await exchanged(harness, "binary\n\x01a\x05bc")).toBe("ok\n\x03<a>");
    expect(harness.reasons).toEqual(["unexpected-eof"]);
  });

  it("while the server drains: what was received in full is answered", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send(raw("binary\n\x01a\x05bc"));
    const drained = harness.server.shutdown();
    await harness.settle();
    await peer.send(raw("def\x01g"));
    pending.of("binary").context.upgrade(binary);
    pending.of("binary").resolve("ok");
    await harness.settle();
    expect(peer.received).toBe("ok\n\x03<a>");
    expect(await drained).toEqual({ drained: 1, aborted: 0, bytesDiscarded: 5 });
    expect(harness.reasons).toEqual(["drained"]);
  });

  it("by a handler that then throws: the fault frame is the old codec's", async () => {
    const harness = await served({
      handler: (_, context) => {
        context.upgrade(binary);
        throw new Error("no");
      },
    });
    expect(await exchanged(harness, "binary\n\x01a")).toBe("error: handler-failed\n");
    expect(harness.reasons).toEqual(["handler-failed"]);
  });

  it("has the new codec's frames under the frame deadline", async () => {
    const harness = await served({ handler: handshake, frameTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await peer.send(raw("bin"));
    await harness.clock.advance(900);
    await peer.send(raw("ary\n\x05ab"));
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["frame-timeout"]);
  });
});

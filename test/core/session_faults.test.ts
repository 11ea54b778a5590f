import { describe, expect, it } from "vitest";
import { type Codec, type Decoder, type Encoder, type Handler, lines, SpillwayError } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

const text = lines();

/** A lines codec of which one part is replaced. */
function withDecoder(part: (decoder: Decoder<string>) => Partial<Decoder<string>>): Codec<string> {
  return {
    encoder: text.encoder,
    decoder() {
      const decoder = text.decoder();
      const given = part(decoder);
      return {
        push: given.push ?? ((chunk) => decoder.push(chunk)),
        next: given.next ?? (() => decoder.next()),
        end: given.end ?? (() => decoder.end()),
        get midFrame() {
          return decoder.midFrame;
        },
      };
    },
  };
}

function withEncoder(part: Partial<Encoder<string>>): Codec<string> {
  return { decoder: text.decoder, encoder: () => ({ ...text.encoder(), ...part }) };
}

function fail(): never {
  throw new Error("broken");
}

describe("a handler that fails", () => {
  it.each([
    ["throws", fail],
    ["rejects", () => Promise.reject(new Error("broken"))],
    [
      "rejects later",
      async () => {
        await undefined;
        fail();
      },
    ],
    [
      "throws no error",
      () => {
        throw "broken";
      },
    ],
    [
      "throws an error of ours",
      () => {
        throw new SpillwayError("frame-too-large", "broken");
      },
    ],
    ["returns a number", () => 42 as unknown as string],
    ["returns null", () => null as unknown as string],
    ["resolves with an object", () => Promise.resolve({}) as unknown as Promise<string>],
    ["returns a line break", () => "one\ntwo"],
  ] as [string, Handler<string, string>][])("%s: the connection ends with an error reply", async (_name, handler) => {
    const harness = await served({ handler });
    const [peer, bystander] = [await harness.connect(), await harness.connect()];
    await peer.send("a\nb\n");
    expect(peer.received).toBe("error: handler-failed\n");
    expect(peer.ended).toBe(true);
    expect(harness.closed).toMatchObject([
      { reason: "handler-failed", framesOut: 0, error: { code: "handler-failed" } },
    ]);
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-failed" }, connection: { id: 1 } }]);
    expect(bystander.ended).toBe(false);
    expect(harness.server.stats().connections).toBe(1);
  });

  it("keeps what was thrown as the cause", async () => {
    const cause = new Error("broken");
    const harness = await served({ handler: () => Promise.reject(cause) });
    await (await harness.connect()).send("a\n");
    expect(harness.of("handler-error")[0]?.error.cause).toBe(cause);
    expect(harness.closed[0]?.error?.cause).toBe(cause);
  });

  it("answers the frames before, and handles none behind", async () => {
    const handled: string[] = [];
    const harness = await served({
      handler(line) {
        handled.push(line);
        return line === "bad" ? fail() : line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\nbad\nc\nd\n");
    expect(peer.received).toBe("a\nb\nerror: handler-failed\n");
    expect(handled).toEqual(["a", "b", "bad"]);
    await peer.send("more\n");
    expect(handled).toEqual(["a", "b", "bad"]);
  });

  it("waits for its turn, and aborts those behind it", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 3, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\nc\nd\n");
    pending.of("b").reject(new Error("no"));
    await harness.settle();
    expect(peer.received).toBe("");
    expect(pending.of("c").aborted).toBeUndefined();
    expect(pending.frames).toEqual(["a", "b", "c"]);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nerror: handler-failed\n");
    expect(pending.of("c").aborted).toBe("handler-failed");
    expect(harness.reasons).toEqual(["handler-failed"]);
  });

  it("never settles: the drain's time ends it", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler, handlerTimeoutMs: Infinity });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(10 ** 9);
    expect(harness.closed).toEqual([]);
    const drained = harness.server.shutdown({ timeoutMs: 100 });
    await harness.clock.advance(100);
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
    expect(pending.of("a").aborted).toBe("drain-timeout");
  });
});

describe("a codec that fails", () => {
  it.each([
    ["decoder()", { decoder: fail, encoder: text.encoder }, ""],
    ["encoder()", { decoder: text.decoder, encoder: fail }, ""],
    ["push()", withDecoder(() => ({ push: fail })), "error: codec-failed\n"],
    ["next()", withDecoder(() => ({ next: fail })), "error: codec-failed\n"],
    ["encode()", withEncoder({ encode: fail }), "error: codec-failed\n"],
    ["encode() and encodeFault()", withEncoder({ encode: fail, encodeFault: fail }), ""],
  ])("in %s: ends that connection as codec-failed", async (_name, codec, received) => {
    let failing = true;
    const harness = await served({
      codec: {
        decoder: () => (failing ? codec : text).decoder(),
        encoder: () => (failing ? codec : text).encoder(),
      },
    });
    const peer = await harness.connect();
    failing = false;
    const bystander = await harness.connect();
    await peer.send("a\n");
    expect(harness.closed).toMatchObject([
      { reason: "codec-failed", connection: { id: 1 }, error: { code: "codec-failed" } },
    ]);
    expect(harness.closed[0]?.error?.cause).toMatchObject({ message: "broken" });
    expect(peer.received).toBe(received);
    expect(peer.ended || peer.error?.code === "connection-reset").toBe(true);
    await bystander.send("b\n");
    expect(bystander.received).toBe("B\n");
  });

  it("in end(): ends it as codec-failed", async () => {
    const harness = await served({ codec: withDecoder(() => ({ end: fail })) });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.finish();
    expect(peer.received).toBe("A\nerror: codec-failed\n");
    expect(harness.reasons).toEqual(["codec-failed"]);
  });

  it("in encode(), midway: sends nothing of that reply", async () => {
    const encode: Encoder<string>["encode"] = (frame, output) => {
      output.text("<");
      if (frame === "BAD") fail();
      output.text(`${frame}>`);
    };
    const harness = await served({ codec: withEncoder({ encode }) });
    const peer = await harness.connect();
    await peer.send("a\nbad\nb\n");
    expect(peer.received).toBe("<A>error: codec-failed\n");
  });

  it("in encodeFault(), midway: sends nothing of that either", async () => {
    const encodeFault: Encoder<string>["encodeFault"] = (_reason, output) => {
      output.text("half a");
      fail();
    };
    const harness = await served({ codec: withEncoder({ encodeFault }), handler: fail });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("");
    expect(peer.ended).toBe(true);
    expect(harness.reasons).toEqual(["handler-failed"]);
  });

  it("has no fault frame: the connection just ends", async () => {
    const { encode } = text.encoder();
    const harness = await served({ codec: { decoder: text.decoder, encoder: () => ({ encode }) }, handler: fail });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("");
    expect(peer.ended).toBe(true);
    expect(harness.reasons).toEqual(["handler-failed"]);
  });

  it("is not skipped over by invalidFrame", async () => {
    const harness = await served({ codec: withDecoder(() => ({ next: fail })), invalidFrame: "skip" });
    await (await harness.connect()).send("a\n");
    expect(harness.reasons).toEqual(["codec-failed"]);
    expect(harness.of("frame-error")).toMatchObject([{ skipped: false, error: { code: "codec-failed" } }]);
  });
});

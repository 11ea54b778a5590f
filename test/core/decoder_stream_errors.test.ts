import { describe, expect, it } from "vitest";
import { type Codec, type Decoder, lines } from "../../src/core/codecs/mod.ts";
import { type Bytes, SpillwayError } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { bytesOf, decoderStream, opened } from "./support/decoding.ts";
import { fate } from "./support/fate.ts";

const TOO_LARGE = expect.objectContaining({ code: "frame-too-large" });

// Vitest fails on a rejection that nobody handles.
describe("decoderStream: errors", () => {
  it("are the decoder's own, on both streams, behind the frames before them", async () => {
    const { reader, writer } = opened(lines({ maxFrameBytes: 3 }));
    const written = fate(writer.write(bytesOf("one\ntoo long\ntwo\n")));
    const queued = fate(writer.write(bytesOf("three\n")));
    expect((await reader.read()).value).toBe("one");
    expect(written.now).toBe("pending");
    const error = await reader.read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toEqual(TOO_LARGE);
    await tickEnd();
    expect([written.error, queued.error]).toEqual([error, error]);
    await expect(reader.closed).rejects.toBe(error);
    await expect(writer.closed).rejects.toBe(error);
    await expect(writer.write(bytesOf("four\n"))).rejects.toBe(error);
  });

  it("cancel the source, and leave nothing unhandled where nobody looks", async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(bytesOf("too long\n")),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const reader = source.pipeThrough(decoderStream(lines({ maxFrameBytes: 3 }))).getReader();
    const read = fate(reader.read());
    await tickEnd();
    expect(cancelled).toEqual(TOO_LARGE);
    expect(cancelled).toBe(read.error);
  });

  it.each(["push", "next", "end"] as const)("of another kind, thrown by %s(), are codec-failed", async (call) => {
    const broken = new RangeError("no");
    const decoder: Decoder<string> = { push() {}, next: () => undefined, end() {}, midFrame: false };
    decoder[call] = () => {
      throw broken;
    };
    const { reader, writer } = opened({ decoder: () => decoder });
    const fates = [fate(reader.read()), fate(writer.closed), fate(reader.closed)];
    fate(writer.write(bytesOf("a")));
    fate(writer.close());
    await tickEnd();
    for (const { error } of fates) expect(error).toMatchObject({ code: "codec-failed", cause: broken });
  });

  it("of a decoder that cannot be made are thrown at the call", () => {
    const decoder = () => {
      throw new RangeError("no");
    };
    expect(() => decoderStream({ decoder })).toThrow(RangeError);
  });

  it.each([undefined, null, {}, "lines", { encoder() {} }])("a codec that is none is misuse: %s", (codec) => {
    expect(() => decoderStream(codec as unknown as Codec<string>)).toThrow(TypeError);
  });
});

describe("decoderStream: cancel and abort", () => {
  const reason = new Error("enough");

  it("cancel of the readable reaches the writer, whatever it waits for", async () => {
    const { reader, writer } = opened(lines());
    const written = fate(writer.write(bytesOf("one\ntwo\n")));
    const closed = fate(writer.close());
    expect((await reader.read()).value).toBe("one");
    await reader.cancel(reason);
    await tickEnd();
    expect([written.error, closed.error]).toEqual([reason, reason]);
    await expect(writer.closed).rejects.toBe(reason);
    expect((await reader.read()).done).toBe(true);
  });

  it("cancel while close() waits", async () => {
    const { reader, writer } = opened(lines());
    const closed = fate(writer.close());
    await tickEnd();
    await reader.cancel(reason);
    await tickEnd();
    expect(closed.error).toBe(reason);
  });

  it("cancel reaches the source of a pipe", async () => {
    let cancels = 0;
    const source = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(bytesOf("one\ntwo\n")),
      cancel: () => {
        cancels += 1;
      },
    });
    for await (const frame of source.pipeThrough(decoderStream(lines()))) {
      expect(frame).toBe("one");
      break;
    }
    await tickEnd();
    expect(cancels).toBe(1);
    expect(source.locked).toBe(false);
  });

  it("abort of the writable reaches the reader at once, past a write that waits", async () => {
    const { reader, writer } = opened(lines());
    const written = fate(writer.write(bytesOf("one\ntwo\n")));
    expect((await reader.read()).value).toBe("one");
    const readerEnd = fate(reader.closed);
    const aborted = fate(writer.abort(reason));
    await tickEnd();
    expect([written.error, readerEnd.error, aborted.now]).toEqual([reason, reason, "fulfilled"]);
    await expect(reader.read()).rejects.toBe(reason);
  });

  it("abort reaches a reader that waits", async () => {
    const { reader, writer } = opened(lines());
    const read = fate(reader.read());
    await tickEnd();
    await writer.abort(reason);
    expect(read.error).toBe(reason);
  });

  it("abort while close() waits errors the reader", async () => {
    const { reader, writer } = opened(lines());
    const closed = fate(writer.close());
    await tickEnd();
    const aborted = fate(writer.abort(reason));
    await tickEnd();
    expect([closed.error, aborted.error]).toEqual([reason, reason]);
    await expect(reader.read()).rejects.toBe(reason);
  });

  it("an error of the source is behind the frames that came before it", async () => {
    let fail!: () => void;
    const source = new ReadableStream<Bytes>({
      start: (controller) => {
        controller.enqueue(bytesOf("one\ntwo\n"));
        fail = () => controller.error(reason);
      },
    });
    const reader = source.pipeThrough(decoderStream(lines())).getReader();
    await tickEnd();
    fail();
    await tickEnd();
    expect([(await reader.read()).value, (await reader.read()).value]).toEqual(["one", "two"]);
    await expect(reader.read()).rejects.toBe(reason);
  });
});

import { describe, expect, it } from "vitest";
import { lines, type Output } from "../../src/core/codecs/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { encoderStream, FULL_BYTES, opened, plain, textOf } from "./support/encoding.ts";
import { fate } from "./support/fate.ts";

// Vitest fails on a rejection that nobody handles.
describe("encoderStream: errors", () => {
  it("are the encoder's own, on both streams, behind the frames before them", async () => {
    const { reader, writer } = opened(lines());
    await writer.write("one");
    const refused = fate(writer.write("t\nwo"));
    const queued = fate(writer.write("three"));
    await tickEnd();
    expect(refused.now).toBe("pending");
    expect(textOf((await reader.read()).value)).toBe("one\n");
    const error = await reader.read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "SpillwayError", code: "reply-invalid" });
    await tickEnd();
    expect([refused.error, queued.error]).toEqual([error, error]);
    await expect(writer.closed).rejects.toBe(error);
    await expect(reader.closed).rejects.toBe(error);
  });

  it("are told at once when nothing waits", async () => {
    const { reader, writer } = opened(lines());
    await expect(writer.write(1 as unknown as string)).rejects.toMatchObject({ code: "reply-invalid" });
    await expect(reader.closed).rejects.toMatchObject({ code: "reply-invalid" });
  });

  it("of another kind are codec-failed, and leave nothing of their frame", async () => {
    const broken = new RangeError("no");
    const encode = (frame: string, output: Output) => {
      output.text(frame);
      if (frame === "two") throw broken;
    };
    const { reader, writer } = opened({ encoder: () => ({ encode }) });
    const read = reader.read();
    void writer.write("one");
    const refused = fate(writer.write("two"));
    expect(textOf((await read).value)).toBe("one");
    await expect(reader.read()).rejects.toMatchObject({ code: "codec-failed", cause: broken });
    expect(refused.error).toMatchObject({ code: "codec-failed", cause: broken });
  });

  it("cancel the source, and leave nothing unhandled where nobody looks", async () => {
    let cancelled: unknown;
    const source = new ReadableStream<string>({
      pull: (controller) => controller.enqueue("o\nne"),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    source.pipeThrough(encoderStream(lines()));
    await tickEnd();
    expect(cancelled).toMatchObject({ code: "reply-invalid" });
  });

  it.each([undefined, null, {}, "lines", { decoder() {} }])("a codec that is none is misuse: %s", (codec) => {
    expect(() => encoderStream(codec as unknown as typeof plain)).toThrow(TypeError);
  });
});

describe("encoderStream: cancel and abort", () => {
  const reason = new Error("enough");

  it("cancel of the readable reaches the writer, whatever it waits for", async () => {
    const { reader, writer } = opened(plain);
    const written = fate(writer.write(new Uint8Array(FULL_BYTES)));
    const closed = fate(writer.close());
    await tickEnd();
    await reader.cancel(reason);
    await tickEnd();
    expect([written.error, closed.error]).toEqual([reason, reason]);
    await expect(writer.closed).rejects.toBe(reason);
  });

  it("cancel while frames are gathered", async () => {
    const { reader, writer } = opened(lines());
    const read = fate(reader.read());
    await tickEnd();
    await writer.write("one");
    await reader.cancel(reason);
    await tickEnd();
    expect(read.now).toBe("fulfilled");
    await expect(writer.write("two")).rejects.toBe(reason);
  });

  it("abort of the writable reaches the reader at once, past a write that waits", async () => {
    const { reader, writer } = opened(plain);
    const written = fate(writer.write(new Uint8Array(FULL_BYTES)));
    const readerEnd = fate(reader.closed);
    await tickEnd();
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
});

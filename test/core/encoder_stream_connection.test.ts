import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decoderStream, lines } from "../../src/core/codecs/mod.ts";
import type { Bytes } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { sourceOf } from "./source_of.ts";
import { drained, encoderStream, joined, numbered, plain, textOf } from "./support/encoding.ts";
import { fate } from "./support/fate.ts";
import { pair } from "./support/pair.ts";

async function textFrom(readable: ReadableStream<Bytes>): Promise<string> {
  return (await drained(readable)).map(textOf).join("");
}

// Vitest fails on a rejection that nobody handles.
describe("encoderStream to a Connection", () => {
  it("carries frames to the end, and sends FIN", async () => {
    const { near, far } = await pair();
    const frames = numbered(500);
    const sent = sourceOf(frames).pipeThrough(encoderStream(lines())).pipeTo(near.writable);
    expect(await textFrom(far.readable)).toBe(joined(frames));
    await sent;
    await Promise.all([near.close(), far.close()]);
    expect(await near.closed).toBeUndefined();
  });

  it("writes once a tick", async () => {
    const { near, far } = await pair();
    const chunks = drained(far.readable);
    const { readable, writable } = encoderStream(lines());
    const sent = readable.pipeTo(near.writable);
    const writer = writable.getWriter();
    for (let tick = 0; tick < 3; tick++) {
      for (const frame of ["a", "b", "c"]) void writer.write(frame);
      await tickEnd();
    }
    await writer.close();
    await sent;
    expect((await chunks).map(textOf)).toEqual(["a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n"]);
  });

  it("feels the peer's backpressure", async () => {
    const { near, far } = await pair(1_000);
    let pulls = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulls += 1;
          if (pulls > 1_000) controller.close();
          else controller.enqueue(new Uint8Array(1_000));
        },
      },
      { highWaterMark: 0 },
    );
    const sent = source.pipeThrough(encoderStream(plain)).pipeTo(near.writable);
    await tickEnd();
    const before = pulls;
    // The stream, the chunk that is being written, and the one that waits behind it.
    expect(before).toBeLessThanOrEqual(3 * 66);
    await tickEnd();
    expect(pulls).toBe(before);
    expect(await textFrom(far.readable)).toHaveLength(1_000_000);
    await sent;
  });

  it("errors with what broke the connection", async () => {
    const { near, far } = await pair();
    const { readable, writable } = encoderStream(lines());
    const sent = fate(readable.pipeTo(near.writable));
    const writer = writable.getWriter();
    await writer.write("one");
    await tickEnd();
    far.abort();
    await tickEnd();
    expect(sent.error).toMatchObject({ code: "connection-reset" });
    await expect(writer.closed).rejects.toBe(sent.error);
  });

  it("echoes through both streams", async () => {
    const { near, far } = await pair();
    const echoed = far.readable
      .pipeThrough(decoderStream(lines()))
      .pipeThrough(encoderStream(lines()))
      .pipeTo(far.writable);
    const frames = numbered(300);
    const sent = sourceOf(frames).pipeThrough(encoderStream(lines())).pipeTo(near.writable);
    expect(await textFrom(near.readable)).toBe(joined(frames));
    await Promise.all([sent, echoed]);
    expect(await near.closed).toBeUndefined();
  });
});

describe("encoderStream and decoderStream", () => {
  it("give back what was written, however the bytes are cut", async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    const frames = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "😀", " "), maxLength: 6 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(frames, cuts, async (written, sizes) => {
        const recut = new TransformStream<Bytes, Bytes>({
          transform: (chunk, controller) => {
            for (let at = 0, tick = 0; at < chunk.length; tick++) {
              const size = sizes[tick % sizes.length] as number;
              controller.enqueue(chunk.slice(at, at + size));
              at += size;
            }
          },
        });
        const read: string[] = [];
        const bytes = sourceOf(written).pipeThrough(encoderStream(lines())).pipeThrough(recut);
        for await (const frame of bytes.pipeThrough(decoderStream(lines()))) read.push(frame);
        expect(read).toEqual(written);
      }),
      { seed: 20_261_124, numRuns: 200 },
    );
  });
});

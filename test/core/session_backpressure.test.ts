import { describe, expect, it } from "vitest";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

const LINK = 8_192;
const CHUNK = 4_096;
const LINE = `${"x".repeat(63)}\n`;

describe("backpressure", () => {
  it("stops reading from a side that does not read", async () => {
    const maxOutboundBytes = 10_000;
    const it = await served({ maxOutboundBytes, writeTimeoutMs: Infinity }, LINK);
    const other = await it.connect({ reads: false });
    for (let sent = 0; sent < 100; sent++) await other.send(LINE.repeat(CHUNK / 64));
    const { bytesIn, framesOut } = it.server.stats();
    // In flight to the other side, one frame over the limit, and the chunks that are decoded, held and read ahead.
    expect(framesOut * 64).toBeLessThanOrEqual(2 * LINK + CHUNK + maxOutboundBytes + 64);
    expect(bytesIn).toBeLessThanOrEqual(2 * LINK + maxOutboundBytes + 64 + 4 * CHUNK);
    await it.clock.advance(60_000);
    expect(it.server.stats().bytesIn).toBe(bytesIn);
    await other.read();
    expect(it.server.stats().bytesIn).toBe(100 * CHUNK);
    expect(other.received).toBe(LINE.toUpperCase().repeat((100 * CHUNK) / 64));
  });

  it("stops reading while the handler is busy", async () => {
    const pending = answers();
    const it = await served({ handler: pending.handler, handlerTimeoutMs: Infinity }, LINK);
    const other = await it.connect();
    await other.send("a\n");
    for (let sent = 0; sent < 100; sent++) await other.send(LINE.repeat(CHUNK / 64));
    const { bytesIn } = it.server.stats();
    expect(bytesIn).toBeLessThanOrEqual(2 + 2 * CHUNK);
    await it.clock.advance(60_000);
    expect(it.server.stats().bytesIn).toBe(bytesIn);
    expect(pending.frames).toEqual(["a"]);
  });

  it("keeps finished replies back, however many are computed at once", async () => {
    const maxOutboundBytes = 10_000;
    const it = await served({ maxOutboundBytes, concurrency: 64, handler: async () => LINE.trim().repeat(100) }, LINK);
    const other = await it.connect({ reads: false });
    await other.send("a\n".repeat(64));
    const reply = 63 * 100 + 1;
    const sent = it.server.stats().framesOut;
    expect(sent * reply).toBeLessThanOrEqual(2 * LINK + maxOutboundBytes + reply);
    await other.read();
    expect(other.received).toBe(`${LINE.trim().repeat(100)}\n`.repeat(64));
    expect(it.server.stats().framesOut).toBe(64);
  });

  it("does not count one connection's output against another", async () => {
    const it = await served({ maxOutboundBytes: 1_000, handler: (line) => line.repeat(100) }, 1_024);
    const [stuck, other] = [await it.connect({ reads: false }), await it.connect()];
    await stuck.send(LINE.repeat(10));
    await other.send(LINE.repeat(10));
    expect(other.receivedBytes).toBe(10 * 6_301);
  });

  it("sends a reply that is larger than the limit", async () => {
    const it = await served({ maxOutboundBytes: 1, handler: (line) => line.repeat(1_000) }, 64);
    const other = await it.connect();
    await other.send("abc\nabc\nabc\n");
    expect(other.received).toBe(`${"abc".repeat(1_000)}\n`.repeat(3));
  });

  it("goes on where it stopped, through the smallest link", async () => {
    const it = await served({ concurrency: 3, maxOutboundBytes: 10, handler: async (line) => `${line}${line}` }, 1);
    const other = await it.connect();
    const expected = Array.from({ length: 50 }, (_, count) => `${count}${count}\n`).join("");
    await other.send(Array.from({ length: 50 }, (_, count) => `${count}\n`).join(""));
    await other.finish();
    expect(other.received).toBe(expected);
    expect(it.reasons).toEqual(["remote-closed"]);
  });
});

import { describe, expect, it } from "vitest";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

const LINK = 8_192;
const CHUNK = 4_096;
const LINE = `${"x".repeat(63)}\n`;

describe("backpressure", () => {
  it("stops reading from a side that does not read", async () => {
    const maxOutboundBytes = 10_000;
    const harness = await served({ maxOutboundBytes, writeTimeoutMs: Infinity }, LINK);
    const peer = await harness.connect({ reads: false });
    for (let sent = 0; sent < 100; sent++) await peer.send(LINE.repeat(CHUNK / 64));
    const { bytesIn, framesOut } = harness.server.stats();
    // In flight to the peer, one frame over the limit, and the chunks that are decoded, held and read ahead.
    expect(framesOut * 64).toBeLessThanOrEqual(2 * LINK + CHUNK + maxOutboundBytes + 64);
    expect(bytesIn).toBeLessThanOrEqual(2 * LINK + maxOutboundBytes + 64 + 4 * CHUNK);
    await harness.clock.advance(60_000);
    expect(harness.server.stats().bytesIn).toBe(bytesIn);
    await peer.read();
    expect(harness.server.stats().bytesIn).toBe(100 * CHUNK);
    expect(peer.received).toBe(LINE.toUpperCase().repeat((100 * CHUNK) / 64));
  });

  it("stops reading while the handler is busy", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler, handlerTimeoutMs: Infinity }, LINK);
    const peer = await harness.connect();
    await peer.send("a\n");
    for (let sent = 0; sent < 100; sent++) await peer.send(LINE.repeat(CHUNK / 64));
    const { bytesIn } = harness.server.stats();
    expect(bytesIn).toBeLessThanOrEqual(2 + 2 * CHUNK);
    await harness.clock.advance(60_000);
    expect(harness.server.stats().bytesIn).toBe(bytesIn);
    expect(pending.frames).toEqual(["a"]);
  });

  it("keeps finished replies back, however many are computed at once", async () => {
    const maxOutboundBytes = 10_000;
    const harness = await served(
      { maxOutboundBytes, concurrency: 64, handler: async () => LINE.trim().repeat(100) },
      LINK,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("a\n".repeat(64));
    const reply = 63 * 100 + 1;
    const sent = harness.server.stats().framesOut;
    expect(sent * reply).toBeLessThanOrEqual(2 * LINK + maxOutboundBytes + reply);
    await peer.read();
    expect(peer.received).toBe(`${LINE.trim().repeat(100)}\n`.repeat(64));
    expect(harness.server.stats().framesOut).toBe(64);
  });

  it("does not count one connection's output against another", async () => {
    const harness = await served({ maxOutboundBytes: 1_000, handler: (line) => line.repeat(100) }, 1_024);
    const [stuck, peer] = [await harness.connect({ reads: false }), await harness.connect()];
    await stuck.send(LINE.repeat(10));
    await peer.send(LINE.repeat(10));
    expect(peer.receivedBytes).toBe(10 * 6_301);
  });

  it("sends a reply that is larger than the limit", async () => {
    const harness = await served({ maxOutboundBytes: 1, handler: (line) => line.repeat(1_000) }, 64);
    const peer = await harness.connect();
    await peer.send("abc\nabc\nabc\n");
    expect(peer.received).toBe(`${"abc".repeat(1_000)}\n`.repeat(3));
  });

  it("goes on where it stopped, through the smallest link", async () => {
    const harness = await served(
      { concurrency: 3, maxOutboundBytes: 10, handler: async (line) => `${line}${line}` },
      1,
    );
    const peer = await harness.connect();
    const expected = Array.from({ length: 50 }, (_, count) => `${count}${count}\n`).join("");
    await peer.send(Array.from({ length: 50 }, (_, count) => `${count}\n`).join(""));
    await peer.finish();
    expect(peer.received).toBe(expected);
    expect(harness.reasons).toEqual(["remote-closed"]);
  });
});

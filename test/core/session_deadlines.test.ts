import { describe, expect, it } from "vitest";
import { type ConnectionOwner, lines } from "../../src/core/mod.ts";
import { ownedBy } from "../../src/core/transport/owned_by.ts";
import { acceptedAs } from "./support/accepted_as.ts";
import { answers } from "./support/answers.ts";
import { type Served, served } from "./support/served.ts";

describe("idle deadline", () => {
  it("runs from the reply, however long a synchronous handler held the event loop", async () => {
    const harness: Served = await served({
      idleTimeoutMs: 1_000,
      handler: (line) => {
        harness.clock.jump(5_000);
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(999);
    expect([peer.received, harness.closed]).toEqual(["a\n", []]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 6_000 }]);
  });

  it("passes so long after the connection was opened, not before", async () => {
    const harness = await served({ idleTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await harness.clock.advance(999);
    expect(peer.ended).toBe(false);
    await harness.clock.advance(1);
    expect(peer.ended).toBe(true);
    expect(peer.received).toBe("");
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 1_000, bytesOut: 0 }]);
  });

  it("starts anew with every byte, and when an answer is out", async () => {
    const pending = answers();
    const harness = await served({ idleTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await harness.clock.advance(900);
    await peer.send("a\n");
    await harness.clock.advance(5_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(peer.received).toBe("A\n");
    expect(peer.ended).toBe(false);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 6_900 }]);
  });

  it("does not run while a frame is with its handler, even where another could be", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 2, idleTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(5_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(peer.received).toBe("A\n");
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 6_000 }]);
  });

  it("does not run while a reply waits to be taken", async () => {
    const harness = await served(
      { idleTimeoutMs: 1_000, writeTimeoutMs: 10_000, handler: (line) => line.repeat(50) },
      1_024,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send(`${"x".repeat(100)}\n`);
    await harness.clock.advance(9_000);
    expect(harness.closed).toEqual([]);
    await peer.read();
    expect(peer.receivedBytes).toBe(5_001);
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["idle-timeout"]);
  });

  it("counts from the last output too when it is shorter than the write deadline", async () => {
    const harness = await served({ idleTimeoutMs: 100, writeTimeoutMs: 30_000 });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await harness.clock.advance(99);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 100 }]);
  });
});

describe("frame deadline", () => {
  it("passes so long after the frame was begun, whatever drips in", async () => {
    const harness = await served({ frameTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await harness.clock.advance(500);
    for (let drip = 0; drip < 10; drip++) {
      await peer.send("x");
      await harness.clock.advance(99);
    }
    await harness.clock.advance(9);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(peer.received).toBe("error: frame-timeout\n");
    expect(harness.closed).toMatchObject([
      { reason: "frame-timeout", durationMs: 1_500, error: { code: "frame-timeout" } },
    ]);
    expect(harness.of("frame-error")).toMatchObject([{ error: { code: "frame-timeout" }, skipped: false }]);
  });

  it("starts anew with each frame", async () => {
    const harness = await served({ frameTimeoutMs: 1_000 });
    const peer = await harness.connect();
    for (const part of ["a", "\nb", "\nc", "\nd"]) {
      await peer.send(part);
      await harness.clock.advance(999);
    }
    expect(peer.received).toBe("A\nB\nC\n");
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "frame-timeout", durationMs: 3_997 }]);
  });

  it("does not count the time that the frame had to wait for us", async () => {
    const pending = answers();
    const harness = await served({ frameTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nbeg");
    await harness.clock.advance(20_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await peer.send("un\n");
    expect(pending.frames).toEqual(["a", "begun"]);
    pending.of("begun").resolve("B");
    await harness.settle();
    expect(peer.received).toBe("A\nB\n");
  });

  it("counts from when reading goes on, where chunks waited unread", async () => {
    const pending = answers();
    const harness = await served({ frameTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.send("beg");
    await harness.clock.advance(20_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["frame-timeout"]);
  });

  it("starts anew with a chunk that had to wait for room in the output", async () => {
    const pending = answers();
    const limits = { concurrency: 2, maxOutboundBytes: 1_000, frameTimeoutMs: 1_000, writeTimeoutMs: Infinity };
    const harness = await served({ ...limits, handler: pending.handler }, 1_024);
    const peer = await harness.connect({ reads: false });
    await peer.send("a\nbeg");
    await harness.clock.advance(500);
    pending.of("a").resolve("A".repeat(5_000));
    await harness.settle();
    await peer.send("un");
    await harness.clock.advance(20_000);
    expect(harness.closed).toEqual([]);
    await peer.read();
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "frame-timeout", durationMs: 21_500 }]);
  });

  it("lets an earlier frame be answered first, and reports once", async () => {
    const pending = answers();
    const harness = await served({ frameTimeoutMs: 1_000, concurrency: 2, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nbeg");
    await harness.clock.advance(1_500);
    expect(harness.of("frame-error")).toHaveLength(1);
    expect(harness.closed).toEqual([]);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nerror: frame-timeout\n");
    expect(harness.of("frame-error")).toHaveLength(1);
    expect(harness.reasons).toEqual(["frame-timeout"]);
  });

  it("watches a line that is too long and skipped, until its end", async () => {
    const harness = await served({ frameTimeoutMs: 1_000, invalidFrame: "skip", codec: lines({ maxFrameBytes: 4 }) });
    const peer = await harness.connect();
    await peer.send("too long");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["frame-timeout"]);
  });
});

describe("handler deadline", () => {
  it("aborts the signal, tells the peer, and ends the connection", async () => {
    const pending = answers();
    const harness = await served({ handlerTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await harness.clock.advance(100);
    await peer.send("a\n");
    await harness.clock.advance(999);
    expect(pending.of("a").aborted).toBeUndefined();
    await harness.clock.advance(1);
    expect(pending.of("a").aborted).toBe("handler-timeout");
    expect(peer.received).toBe("error: handler-timeout\n");
    expect(harness.closed).toMatchObject([{ reason: "handler-timeout", durationMs: 1_100, framesIn: 1, framesOut: 0 }]);
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-timeout" } }]);
  });

  it("runs for each frame on its own", async () => {
    const pending = answers();
    const harness = await served({ handlerTimeoutMs: 1_000, concurrency: 2, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(600);
    await peer.send("b\n");
    await harness.clock.advance(399);
    pending.of("a").resolve("A");
    await harness.clock.advance(600);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(peer.received).toBe("A\nerror: handler-timeout\n");
    expect(harness.closed).toMatchObject([{ reason: "handler-timeout", durationMs: 1_600 }]);
  });

  it("ignores what comes too late", async () => {
    const pending = answers();
    const harness = await served({ handlerTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    await harness.clock.advance(1_000);
    pending.of("a").resolve("late");
    await harness.settle();
    await peer.finish();
    expect(peer.received).toBe("error: handler-timeout\n");
    expect(harness.of("handler-error")).toHaveLength(1);
  });
});

describe("write deadline", () => {
  const large = (line: string) => line.repeat(2_000);

  it("passes when nothing of the output is taken for so long", async () => {
    const harness = await served({ writeTimeoutMs: 1_000, handler: large }, 1_024);
    const peer = await harness.connect({ reads: false });
    await harness.clock.advance(50);
    await peer.send("abc\n");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([
      { reason: "write-timeout", durationMs: 1_050, error: { code: "write-timeout" } },
    ]);
    await peer.read();
    expect(peer.error?.code).toBe("connection-reset");
  });

  it("starts anew with every write that is taken", async () => {
    const harness = await served({ writeTimeoutMs: 1_000, handler: (line) => line.repeat(200_000) }, 65_536);
    const peer = await harness.connect({ reads: false });
    const reader = peer.connection.readable.getReader();
    await peer.send("abcd\n");
    let taken = 0;
    for (let round = 0; round < 4; round++) {
      await harness.clock.advance(900);
      // The one after the next is read ahead.
      for (let count = 0; count < 2; count++) taken += (await reader.read()).value?.length ?? 0;
      await harness.settle();
    }
    expect(taken).toBe(8 * 65_536);
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "write-timeout", durationMs: 4_600 }]);
  });

  it("watches a reply to a later frame as well as the first", async () => {
    const harness = await served(
      { writeTimeoutMs: 1_000, idleTimeoutMs: 60_000, maxOutboundBytes: 1, handler: large },
      4_096,
    );
    const peer = await harness.connect({ reads: false });
    const reader = peer.connection.readable.getReader();
    await peer.send("abc\nabc\nabc\n");
    // Taking one reply makes room for the next, which nobody takes.
    for (let taken = 0; taken < 6_001; ) {
      taken += (await reader.read()).value?.length ?? 0;
      await harness.settle();
    }
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "write-timeout", durationMs: 1_000 }]);
  });

  describe("asks for a rate", () => {
    const TOTAL = 30_000;

    /** How long a reply lasts whose reader takes up to 10 bytes every so often. */
    async function readEvery(ms: number, minWriteBytesPerSecond: number, mostMs = 20_000): Promise<number | undefined> {
      const limits = { writeTimeoutMs: 1_000, minWriteBytesPerSecond };
      const harness = await served({ ...limits, handler: () => "x".repeat(TOTAL) }, 10);
      const peer = await harness.connect({ reads: false });
      const reader = peer.connection.readable.getReader();
      await peer.send("all\n");
      for (let passedMs = 0; passedMs < mostMs && harness.closed.length === 0; passedMs += ms) {
        await harness.clock.advance(ms);
        await reader.read().catch(() => undefined);
        await harness.settle();
      }
      if (harness.closed.length > 0) expect(harness.reasons).toEqual(["write-timeout"]);
      return harness.closed[0]?.durationMs;
    }

    it("one that reads at that rate is never cut, although it takes no whole write in that time", async () => {
      expect(await readEvery(10, 1_000)).toBeUndefined();
    });

    it("one that reads at half of it has twice the time", async () => {
      const durationMs = await readEvery(20, 1_000);
      expect(durationMs).toBeGreaterThan(1_900);
      expect(durationMs).toBeLessThan(2_100);
    });

    it("a trickle is cut as what takes nothing", async () => {
      const durationMs = await readEvery(500, 1_000);
      expect(durationMs).toBeGreaterThanOrEqual(1_000);
      expect(durationMs).toBeLessThan(1_100);
    });

    it("bursts buy time, but not more than the deadline", async () => {
      const harness = await served(
        { writeTimeoutMs: 1_000, minWriteBytesPerSecond: 1_000, handler: (line) => line.repeat(200_000) },
        65_536,
      );
      const peer = await harness.connect({ reads: false });
      const reader = peer.connection.readable.getReader();
      await peer.send("abcd\n");
      await harness.clock.advance(500);
      for (let count = 0; count < 4; count++) await reader.read();
      await harness.settle();
      await harness.clock.advance(999);
      expect(harness.closed).toEqual([]);
      await harness.clock.advance(1);
      expect(harness.closed).toMatchObject([{ reason: "write-timeout", durationMs: 1_500 }]);
    });

    it("a whole write that is taken counts for its bytes, and not for a fresh start", async () => {
      // As on Node, nobody tells that a part was taken.
      const around = acceptedAs((connection) => ({
        own: (owner) =>
          ownedBy(
            {
              onClosed: (error) => owner.onClosed(error),
              onDropped: (bytes) => owner.onDropped(bytes),
              onTaken: () => {},
            },
            connection,
          ),
      }));
      const limits = { writeTimeoutMs: 1_000, minWriteBytesPerSecond: 131_072 };
      const harness = await served({ ...limits, handler: (line) => line.repeat(200_000) }, 16_384, around);
      const peer = await harness.connect({ reads: false });
      const reader = peer.connection.readable.getReader();
      await peer.send("abcd\n");
      // 64 KiB in 700 ms are a whole write, which may take half a second.
      for (let read = 0; read < 40 && harness.closed.length === 0; read++) {
        await harness.clock.advance(175);
        await reader.read().catch(() => undefined);
        await harness.settle();
      }
      expect(harness.reasons).toEqual(["write-timeout"]);
      expect(harness.closed[0]?.durationMs).toBeGreaterThan(1_400);
    });

    it("a peer that took bytes while the process stalled is not cut off", async () => {
      const harness = await served(
        { writeTimeoutMs: 1_000, minWriteBytesPerSecond: 65_536_000, handler: (line) => line.repeat(200_000) },
        40_000,
      );
      const peer = await harness.connect({ reads: false });
      const reader = peer.connection.readable.getReader();
      await peer.send("abcd\n");
      await harness.clock.advance(500);
      harness.clock.jump(5_000);
      await reader.read();
      await harness.settle();
      await harness.clock.advance(999);
      expect(harness.closed).toEqual([]);
      await harness.clock.advance(1);
      expect(harness.closed).toMatchObject([{ reason: "write-timeout", durationMs: 6_500 }]);
    });

    it("of Infinity: any byte counts", async () => {
      expect(await readEvery(450, Infinity)).toBeUndefined();
      expect(await readEvery(1_001, Infinity)).toBe(1_000);
    });
  });

  it("passes only when the kernel, asked once more, does not take more", async () => {
    const room = [1_000, 500, 1, 0];
    const offers: number[] = [];
    const around = acceptedAs((connection) => {
      const own = (owner: ConnectionOwner) => {
        const { reader, writer } = ownedBy(owner, connection);
        const offerAgain = () => {
          const bytes = room.shift() ?? 0;
          offers.push(bytes);
          if (bytes > 0) owner.onTaken(bytes);
        };
        return {
          reader,
          writer: { write: (bytes: Uint8Array) => writer.write(bytes), close: () => writer.close(), offerAgain },
        };
      };
      return { own };
    });
    const harness = await served(
      { writeTimeoutMs: 1_000, minWriteBytesPerSecond: 1_000, handler: (line) => line.repeat(2_000) },
      1_024,
      around,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("abcdef\n");
    await harness.clock.advance(1_000);
    expect(offers).toEqual([1_000]);
    await harness.clock.advance(1_000);
    expect(offers).toEqual([1_000, 500]);
    await harness.clock.advance(500);
    expect(offers).toEqual([1_000, 500, 1]);
    await harness.clock.advance(1);
    expect(offers).toEqual([1_000, 500, 1, 0]);
    expect(harness.closed).toMatchObject([{ reason: "write-timeout", durationMs: 2_501 }]);
  });

  it("also bounds a fault frame that nobody takes", async () => {
    const harness = await served({ writeTimeoutMs: 1_000, handler: () => Promise.reject(new Error("no")) }, 8);
    const peer = await harness.connect({ reads: false });
    await peer.send("abc\n");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["handler-failed"]);
  });
});

describe("lifetime deadline", () => {
  it("ends an idle connection at that instant", async () => {
    const harness = await served({ lifetimeMs: 1_000 });
    const peer = await harness.connect();
    await harness.clock.advance(600);
    await peer.send("a\n");
    await harness.clock.advance(399);
    expect(peer.ended).toBe(false);
    await harness.clock.advance(1);
    expect(peer.received).toBe("A\n");
    expect(harness.closed).toMatchObject([{ reason: "lifetime-reached", durationMs: 1_000 }]);
  });

  it("lets a busy one answer what it has received", async () => {
    const pending = answers();
    const harness = await served({ lifetimeMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\nc");
    await harness.clock.advance(1_000);
    expect(harness.closed).toEqual([]);
    pending.of("a").resolve("A");
    await harness.clock.advance(10);
    pending.of("b").resolve("B");
    await harness.clock.advance(10);
    expect(peer.received).toBe("A\nB\n");
    expect(harness.closed).toMatchObject([{ reason: "lifetime-reached", durationMs: 1_010 }]);
  });
});

describe("linger deadline", () => {
  const closing = (line: string, context: { close(): void }) => {
    context.close();
    return line;
  };

  it("releases a connection whose peer does not send FIN, and says that", async () => {
    const harness = await served({ lingerTimeoutMs: 500, handler: closing });
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    expect([peer.received, peer.ended]).toEqual(["a\n", true]);
    await harness.clock.advance(499);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", durationMs: 500, unconfirmed: true }]);
    expect(harness.closed[0]).not.toHaveProperty("error");
  });

  it("does not wait when the FIN comes", async () => {
    const harness = await served({ lingerTimeoutMs: 500, handler: closing });
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    await harness.clock.advance(300);
    await peer.finish();
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", durationMs: 300 }]);
    expect(harness.closed[0]).not.toHaveProperty("unconfirmed");
  });

  it("starts anew with whatever still comes, up to maxLingerMs", async () => {
    const harness = await served({ lingerTimeoutMs: 500, maxLingerMs: 1_800, handler: closing });
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    for (let count = 0; count < 4; count++) {
      await harness.clock.advance(400);
      await peer.send("more\n");
      expect(harness.closed).toEqual([]);
    }
    await harness.clock.advance(199);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ durationMs: 1_800, unconfirmed: true, framesIn: 1 }]);
  });

  it("leaves a reader of 128 KiB/s the time for what was sent lately", async () => {
    const handler = (_line: string, context: { close(): void }) => closing("x".repeat(255_999), context);
    const harness = await served({ lingerTimeoutMs: 500, handler }, 262_144);
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    expect([peer.receivedBytes, peer.ended]).toEqual([256_000, true]);
    await harness.clock.advance(2_499);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", unconfirmed: true }]);
  });

  it("does not run for a connection on which nothing was said for so long", async () => {
    const harness = await served({ idleTimeoutMs: 1_000, lingerTimeoutMs: 500 });
    const peer = await harness.connect({ finishes: false });
    await harness.clock.advance(1_000);
    expect([peer.ended, peer.error]).toEqual([true, undefined]);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 1_000 }]);
    expect(harness.closed[0]).not.toHaveProperty("unconfirmed");
  });

  it("says that a connection was reset behind its last reply", async () => {
    const harness = await served({ handler: closing });
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    await peer.reset();
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", unconfirmed: true }]);
  });
});

it("a deadline of Infinity leaves no timer behind", async () => {
  const limits = {
    idleTimeoutMs: Infinity,
    frameTimeoutMs: Infinity,
    handlerTimeoutMs: Infinity,
    writeTimeoutMs: Infinity,
  };
  const harness = await served({ ...limits, lifetimeMs: Infinity });
  await harness.connect();
  expect(harness.clock.pending).toBe(0);
  await harness.clock.advance(10 ** 12);
  expect(harness.closed).toEqual([]);
});

it("a thousand connections share one timer", async () => {
  const harness = await served({ idleTimeoutMs: 1_000 });
  for (let count = 0; count < 1_000; count++) void harness.transport.connect(harness.server.address);
  await harness.settle();
  expect(harness.server.stats().connections).toBe(1_000);
  expect(harness.clock.pending).toBe(1);
});

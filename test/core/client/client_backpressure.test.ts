import { describe, expect, it } from "vitest";
import { connect, lines, serve } from "../../../src/core/mod.ts";
import { manualClock, memoryTransport } from "../../../src/testing/mod.ts";
import { connected, outcome } from "./support/connected.ts";

const LINE = "x".repeat(99);

describe("requests to a side that does not read", () => {
  it("wait for room, and none is dropped, whatever slowConsumer says", async () => {
    for (const slowConsumer of ["drop", "drop-oldest", "reset"] as const) {
      const limits = { maxOutboundBytes: 1_000, maxPendingRequests: Infinity, writeTimeoutMs: Infinity };
      const harness = await connected({ ...limits, slowConsumer }, { reads: false, maxLinkBytes: 1_000 });
      const replies = Array.from({ length: 100 }, () => outcome(harness.client.request(LINE)));
      await harness.settle();
      const { framesOut, waitingRequests } = harness.client.stats();
      // The frames in the link, and one more than may wait.
      expect(framesOut).toBeLessThanOrEqual(21);
      expect(waitingRequests).toBe(100 - framesOut);
      await harness.peer.read();
      expect(harness.peer.received).toBe(`${LINE}\n`.repeat(100));
      await harness.peer.send("ok\n".repeat(100));
      expect(new Set(replies.map((reply) => reply()))).toEqual(new Set(["ok"]));
      expect(harness.of("slow-consumer")).toEqual([]);
    }
  });

  it("and sends meet slowConsumer beside them", async () => {
    const limits = { maxOutboundBytes: 1_000, writeTimeoutMs: Infinity };
    const harness = await connected({ ...limits, slowConsumer: "drop" }, { reads: false, maxLinkBytes: 1_000 });
    const replies = Array.from({ length: 30 }, () => outcome(harness.client.request(LINE)));
    await harness.settle();
    expect(harness.client.send("dropped")).toBe("dropped");
    expect(harness.of("slow-consumer")).toHaveLength(1);
    await harness.peer.read();
    expect(harness.client.send("sent")).toBe("sent");
    await harness.settle();
    expect(harness.peer.received).toBe(`${`${LINE}\n`.repeat(30)}sent\n`);
    await harness.peer.send("ok\n".repeat(30));
    expect(replies.at(-1)?.()).toBe("ok");
  });

  it("end as write-timeout when nothing moves for so long", async () => {
    const harness = await connected({ writeTimeoutMs: 500 }, { reads: false, maxLinkBytes: 10 });
    const reply = outcome(harness.client.request(LINE));
    await harness.clock.advance(500);
    expect(reply()).toBe("write-timeout");
    expect(await harness.client.closed).toMatchObject({ reason: "write-timeout", error: { code: "write-timeout" } });
  });
});

describe("a client and a server that both have much to say", () => {
  it("do not wait for each other: replies are read however much waits to be sent", async () => {
    const clock = manualClock();
    const transport = memoryTransport({ maxLinkBytes: 1_000 });
    const limits = { maxOutboundBytes: 1_000, clock };
    const server = await serve(transport, { port: 0, codec: lines(), handler: (line) => line, ...limits });
    const options = { ...server.address, ...limits, maxPendingRequests: Infinity };
    const client = await connect(transport, { ...options, codec: lines() });
    const asked = Array.from({ length: 1_000 }, (_, index) => `${index} ${LINE}`);
    const replies = Promise.all(asked.map((line) => client.request(line)));
    await clock.advance(0);
    expect(await replies).toEqual(asked);
    await client.close();
    await server.shutdown();
    expect(clock.pending).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { type ErrorCode, SpillwayError } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { type Served, served } from "./support/served.ts";

function failAccept({ transport, server }: Served, ...codes: ErrorCode[]): void {
  for (const code of codes) transport.failAccept(server.address, new SpillwayError(code, `accept: ${code}`));
}

const full = (count: number): ErrorCode[] => Array.from({ length: count }, () => "out-of-descriptors" as const);

describe("accept errors", () => {
  it("of one connection do not touch the next", async () => {
    const harness = await served();
    failAccept(harness, "connection-aborted", "connection-aborted");
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("A\n");
    expect(harness.of("accept-error")).toMatchObject([
      { error: { code: "connection-aborted" }, retryInMs: 0 },
      { error: { code: "connection-aborted" }, retryInMs: 0 },
    ]);
    expect(harness.clock.now()).toBe(0);
  });

  it("out of descriptors: backs off 10 ms, doubling to 1 s", async () => {
    const harness = await served();
    failAccept(harness, ...full(9));
    const instants: number[] = [];
    const retries: (number | undefined)[] = [];
    for (let ms = 0; ms < 4_000; ms++) {
      await harness.clock.advance(ms === 0 ? 0 : 1);
      for (const { retryInMs } of harness.of("accept-error").slice(instants.length)) {
        instants.push(harness.clock.now());
        retries.push(retryInMs);
      }
    }
    expect(retries).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    expect(instants).toEqual([0, 10, 30, 70, 150, 310, 630, 1_270, 2_270]);
  });

  it("out of descriptors: accepts again as soon as the pause is over, and starts small the next time", async () => {
    const harness = await served();
    failAccept(harness, ...full(3));
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(69);
    expect(peer.received).toBe("");
    await harness.clock.advance(1);
    expect(peer.received).toBe("A\n");
    failAccept(harness, ...full(1));
    await harness.settle();
    expect(harness.of("accept-error").map(({ retryInMs }) => retryInMs)).toEqual([10, 20, 40, 10]);
  });

  it("do not disturb the connections that are open", async () => {
    const harness = await served();
    const peer = await harness.connect();
    failAccept(harness, ...full(2), "connection-aborted");
    await peer.send("a\n");
    expect(peer.received).toBe("A\n");
  });

  it("a shutdown ends the pause", async () => {
    const harness = await served();
    failAccept(harness, ...full(8));
    await harness.clock.advance(700);
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 0 });
    expect(harness.clock.now()).toBe(700);
    expect(harness.clock.pending).toBe(0);
  });

  it.each(["accept-failed", "permission-denied"] as const)(
    "%s is fatal: the server drains, and says so",
    async (code) => {
      const pending = answers();
      const harness = await served({ handler: pending.handler });
      const finished = harness.server.finished.catch((error: unknown) => error);
      const peer = await harness.connect();
      await peer.send("a\n");
      failAccept(harness, code);
      await harness.settle();
      expect(harness.of("accept-error")).toMatchObject([{ error: { code } }]);
      expect(harness.of("accept-error")[0]).not.toHaveProperty("retryInMs");
      expect(harness.of("draining")).toMatchObject([{ connections: 1 }]);
      pending.of("a").resolve("A");
      expect(await finished).toMatchObject({ code });
      expect(peer.received).toBe("A\n");
      expect(harness.of("drained")).toMatchObject([{ drained: 1, aborted: 0 }]);
      await expect(harness.transport.connect(harness.server.address)).rejects.toMatchObject({
        code: "connection-refused",
      });
    },
  );

  it("the listener being closed underneath is the end of accepting, not a failure", async () => {
    const harness = await served();
    failAccept(harness, "listener-closed");
    await harness.settle();
    expect(harness.of("accept-error")).toEqual([]);
    expect(await harness.server.finished).toEqual({ drained: 0, aborted: 0 });
  });
});

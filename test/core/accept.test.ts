import { describe, expect, it } from "vitest";
import { type ErrorCode, SpillwayError } from "../../src/core/mod.ts";
import { answers } from "./answers.ts";
import { type Served, served } from "./served.ts";

function failAccept({ transport, server }: Served, ...codes: ErrorCode[]): void {
  for (const code of codes) transport.failAccept(server.address, new SpillwayError(code, `accept: ${code}`));
}

const full = (count: number): ErrorCode[] => Array.from({ length: count }, () => "out-of-descriptors" as const);

describe("accept errors", () => {
  it("of one connection do not touch the next", async () => {
    const it = await served();
    failAccept(it, "connection-aborted", "connection-aborted");
    const other = await it.connect();
    await other.send("a\n");
    expect(other.received).toBe("A\n");
    expect(it.of("accept-error")).toMatchObject([
      { error: { code: "connection-aborted" }, retryInMs: 0 },
      { error: { code: "connection-aborted" }, retryInMs: 0 },
    ]);
    expect(it.clock.now()).toBe(0);
  });

  it("out of descriptors: backs off 10 ms, doubling to 1 s", async () => {
    const it = await served();
    failAccept(it, ...full(9));
    const instants: number[] = [];
    const retries: (number | undefined)[] = [];
    for (let ms = 0; ms < 4_000; ms++) {
      await it.clock.advance(ms === 0 ? 0 : 1);
      for (const { retryInMs } of it.of("accept-error").slice(instants.length)) {
        instants.push(it.clock.now());
        retries.push(retryInMs);
      }
    }
    expect(retries).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    expect(instants).toEqual([0, 10, 30, 70, 150, 310, 630, 1_270, 2_270]);
  });

  it("out of descriptors: accepts again as soon as the pause is over, and starts small the next time", async () => {
    const it = await served();
    failAccept(it, ...full(3));
    const other = await it.connect();
    await other.send("a\n");
    await it.clock.advance(69);
    expect(other.received).toBe("");
    await it.clock.advance(1);
    expect(other.received).toBe("A\n");
    failAccept(it, ...full(1));
    await it.settle();
    expect(it.of("accept-error").map(({ retryInMs }) => retryInMs)).toEqual([10, 20, 40, 10]);
  });

  it("do not disturb the connections that are open", async () => {
    const it = await served();
    const other = await it.connect();
    failAccept(it, ...full(2), "connection-aborted");
    await other.send("a\n");
    expect(other.received).toBe("A\n");
  });

  it("a shutdown ends the pause", async () => {
    const it = await served();
    failAccept(it, ...full(8));
    await it.clock.advance(700);
    expect(await it.server.shutdown()).toEqual({ drained: 0, aborted: 0 });
    expect(it.clock.now()).toBe(700);
    expect(it.clock.pending).toBe(0);
  });

  it.each(["accept-failed", "permission-denied"] as const)(
    "%s is fatal: the server drains, and says so",
    async (code) => {
      const pending = answers();
      const it = await served({ handler: pending.handler });
      const finished = it.server.finished.catch((error: unknown) => error);
      const other = await it.connect();
      await other.send("a\n");
      failAccept(it, code);
      await it.settle();
      expect(it.of("accept-error")).toMatchObject([{ error: { code } }]);
      expect(it.of("accept-error")[0]).not.toHaveProperty("retryInMs");
      expect(it.of("draining")).toMatchObject([{ connections: 1 }]);
      pending.of("a").resolve("A");
      expect(await finished).toMatchObject({ code });
      expect(other.received).toBe("A\n");
      expect(it.of("drained")).toMatchObject([{ drained: 1, aborted: 0 }]);
      await expect(it.transport.connect(it.server.address)).rejects.toMatchObject({ code: "connection-refused" });
    },
  );

  it("the listener being closed underneath is the end of accepting, not a failure", async () => {
    const it = await served();
    failAccept(it, "listener-closed");
    await it.settle();
    expect(it.of("accept-error")).toEqual([]);
    expect(await it.server.finished).toEqual({ drained: 0, aborted: 0 });
  });
});

import { describe, expect, it, vi } from "vitest";
import { lines } from "../../src/core/mod.ts";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

describe("observer", () => {
  it("gets every event, in order", async () => {
    const it = await served({ invalidFrame: "skip", codec: lines({ maxFrameBytes: 4 }) });
    const other = await it.connect();
    await other.send("a\ntoo long\nb\n");
    await other.finish();
    await it.server.shutdown();
    const connection = {
      id: 1,
      remoteAddress: other.connection.localAddress,
      localAddress: it.server.address,
    };
    expect(it.events).toEqual([
      { type: "listening", address: it.server.address, transport: "memory" },
      { type: "connection-opened", connection },
      { type: "frame-error", connection, error: expect.objectContaining({ code: "frame-too-large" }), skipped: true },
      {
        type: "connection-closed",
        connection,
        reason: "remote-closed",
        bytesIn: 13,
        bytesOut: 4,
        framesIn: 2,
        framesOut: 2,
        framesDropped: 0,
        durationMs: 0,
      },
      { type: "draining", connections: 0 },
      { type: "drained", drained: 0, aborted: 0 },
    ]);
  });

  it("counts bytes and frames, also of what was cut off", async () => {
    const pending = answers();
    const it = await served({ handler: pending.handler });
    const other = await it.connect();
    await other.send("é\n12");
    pending.of("é").resolve("€");
    await it.clock.advance(70);
    expect(it.server.stats()).toMatchObject({ bytesIn: 5, bytesOut: 4, framesIn: 1, framesOut: 1 });
    await other.reset();
    expect(it.closed).toMatchObject([{ bytesIn: 5, bytesOut: 4, framesIn: 1, framesOut: 1, durationMs: 70 }]);
    expect(it.server.stats()).toMatchObject({ bytesIn: 5, bytesOut: 4, framesIn: 1, framesOut: 1 });
  });

  it("sees draining before any connection ends because of it, and drained after all", async () => {
    const it = await served({ handler: answers().handler });
    const busy = await it.connect();
    await busy.send("a\n");
    await it.connect();
    void it.server.shutdown({ timeoutMs: 10 });
    await it.clock.advance(10);
    expect(it.events.slice(-4).map((event) => ("reason" in event ? event.reason : event.type))).toEqual([
      "draining",
      "drained",
      "drain-timeout",
      "drained",
    ]);
    expect(it.of("draining")).toMatchObject([{ connections: 2 }]);
    expect(it.of("drained")).toMatchObject([{ drained: 1, aborted: 1 }]);
  });

  it("that throws is counted, and breaks nothing", async () => {
    const written = vi.spyOn(console, "error").mockReturnValue();
    const it = await served({
      invalidFrame: "skip",
      codec: lines({ maxFrameBytes: 4 }),
      observer() {
        throw new Error("observer");
      },
    });
    const other = await it.connect();
    await other.send("a\ntoo long\nb\n");
    await other.finish();
    expect(other.received).toBe("A\nB\n");
    expect(it.events).toHaveLength(4);
    expect(it.server.stats().observerErrors).toBe(4);
    await it.server.shutdown();
    expect(it.server.stats().observerErrors).toBe(6);
    // Five of a kind are written, and then how many more there were.
    expect(written).toHaveBeenCalledTimes(6);
    written.mockRestore();
  });

  it("may shut the server down", async () => {
    const it = await served({
      observer(event) {
        if (event.type === "frame-error") void it.server.shutdown();
      },
      invalidFrame: "skip",
      codec: lines({ maxFrameBytes: 4 }),
    });
    const other = await it.connect();
    await other.send("a\ntoo long\nb\n");
    expect(await it.server.finished).toEqual({ drained: 1, aborted: 0 });
    expect(other.received).toBe("A\nB\n");
  });

  it("is told each connection's number and addresses", async () => {
    const it = await served();
    const others = [await it.connect(), await it.connect()];
    expect(it.of("connection-opened").map(({ connection }) => connection)).toEqual(
      others.map(({ connection: { localAddress, remoteAddress } }, at) => ({
        id: at + 1,
        remoteAddress: localAddress,
        localAddress: remoteAddress,
      })),
    );
  });
});

it("a handler is told which connection it works for", async () => {
  const it = await served({
    handler: (_line, { connection }) => `${connection.id} ${connection.remoteAddress.port}`,
  });
  await it.connect();
  const other = await it.connect();
  await other.send("?\n");
  expect(other.received).toBe(`2 ${other.connection.localAddress.port}\n`);
});

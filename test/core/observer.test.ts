import { describe, expect, it, vi } from "vitest";
import { lines, type ObservedServer, serve } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("observer", () => {
  it("gets every event, in order", async () => {
    const harness = await served({ invalidFrame: "skip", codec: lines({ maxFrameBytes: 4 }) });
    const peer = await harness.connect();
    await peer.send("a\ntoo long\nb\n");
    await peer.finish();
    await harness.server.shutdown();
    const connection = {
      id: 1,
      remoteAddress: peer.connection.localAddress,
      localAddress: harness.server.address,
    };
    expect(harness.events).toEqual([
      { type: "listening", address: harness.server.address, transport: "memory", server: harness.server },
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
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("é\n12");
    pending.of("é").resolve("€");
    await harness.clock.advance(70);
    expect(harness.server.stats()).toMatchObject({ bytesIn: 5, bytesOut: 4, framesIn: 1, framesOut: 1 });
    await peer.reset();
    expect(harness.closed).toMatchObject([{ bytesIn: 5, bytesOut: 4, framesIn: 1, framesOut: 1, durationMs: 70 }]);
    expect(harness.server.stats()).toMatchObject({ bytesIn: 5, bytesOut: 4, framesIn: 1, framesOut: 1 });
  });

  it("sees draining before any connection ends because of it, and drained after all", async () => {
    const harness = await served({ handler: answers().handler });
    const busy = await harness.connect();
    await busy.send("a\n");
    await harness.connect();
    void harness.server.shutdown({ timeoutMs: 10 });
    await harness.clock.advance(10);
    expect(harness.events.slice(-4).map((event) => ("reason" in event ? event.reason : event.type))).toEqual([
      "draining",
      "drained",
      "drain-timeout",
      "drained",
    ]);
    expect(harness.of("draining")).toMatchObject([{ connections: 2 }]);
    expect(harness.of("drained")).toMatchObject([{ drained: 1, aborted: 1 }]);
  });

  it("that throws is counted, and breaks nothing", async () => {
    const written = vi.spyOn(console, "error").mockReturnValue();
    const harness = await served({
      invalidFrame: "skip",
      codec: lines({ maxFrameBytes: 4 }),
      observer() {
        throw new Error("observer");
      },
    });
    const peer = await harness.connect();
    await peer.send("a\ntoo long\nb\n");
    await peer.finish();
    expect(peer.received).toBe("A\nB\n");
    expect(harness.events).toHaveLength(4);
    expect(harness.server.stats().observerErrors).toBe(4);
    await harness.server.shutdown();
    expect(harness.server.stats().observerErrors).toBe(6);
    // Five of a kind are written, and then how many more there were.
    expect(written).toHaveBeenCalledTimes(6);
    written.mockRestore();
  });

  it("that is an async function and rejects is counted and reported, as one that throws", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const server = await serve(memoryTransport(), {
      port: 0,
      codec: lines(),
      handler: (line) => line,
      // For the compiler, any result will do.
      observer: ({ type }): unknown => Promise.reject(new Error(`no ${type}`)),
    });
    await tickEnd();
    expect(server.stats().observerErrors).toBe(1);
    expect(String(error.mock.calls[0]?.[0])).toContain("the observer threw at listening: no listening");
    await server.shutdown();
    await tickEnd();
    expect(server.stats().observerErrors).toBe(3);
    error.mockRestore();
  });

  it("may be several, of which one that throws disturbs no other", async () => {
    const seen: string[] = [];
    const error = vi.spyOn(console, "error").mockReturnValue(undefined);
    const server = await serve(memoryTransport(), {
      port: 0,
      codec: lines(),
      handler: (line) => line,
      observer: [
        () => seen.push("a"),
        () => {
          throw new Error("bug");
        },
        () => seen.push("b"),
      ],
    });
    await server.shutdown();
    // listening, draining, drained
    expect(seen).toEqual(["a", "b", "a", "b", "a", "b"]);
    expect(server.stats().observerErrors).toBe(3);
    error.mockRestore();
  });

  it("may be no other value", async () => {
    const message = "observer must be a function, or an array of functions";
    const options = { port: 0, codec: lines(), handler: (line: string) => line };
    await expect(serve(memoryTransport(), { ...options, observer: [1] as never })).rejects.toThrow(
      new TypeError(message),
    );
    await expect(serve(memoryTransport(), { ...options, observer: "log" as never })).rejects.toThrow(
      new TypeError(message),
    );
  });

  it("may shut the server down", async () => {
    const harness = await served({
      observer(event) {
        if (event.type === "frame-error") void harness.server.shutdown();
      },
      invalidFrame: "skip",
      codec: lines({ maxFrameBytes: 4 }),
    });
    const peer = await harness.connect();
    await peer.send("a\ntoo long\nb\n");
    expect(await harness.server.finished).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("A\nB\n");
  });

  it("may stop and drain the server that it gets with `listening`", async () => {
    const servers: ObservedServer[] = [];
    const harness = await served({
      observer(event) {
        if (event.type === "listening") servers.push(event.server);
      },
    });
    const peer = await harness.connect();
    const [server] = servers;
    server?.stopAccepting();
    await harness.settle();
    await expect(harness.connect()).rejects.toMatchObject({ code: "connection-refused" });
    await peer.send("a\n");
    expect(peer.received).toBe("A\n");
    expect(() => server?.shutdown({ timeoutMs: 0 })).toThrow(RangeError);
    const result = server?.shutdown({ timeoutMs: 50 });
    await harness.settle();
    await peer.finish();
    expect(await result).toMatchObject({ drained: 1, aborted: 0 });
    expect(harness.reasons).toEqual(["drained"]);
  });

  it("is told each connection's number and addresses", async () => {
    const harness = await served();
    const peers = [await harness.connect(), await harness.connect()];
    expect(harness.of("connection-opened").map(({ connection }) => connection)).toEqual(
      peers.map(({ connection: { localAddress, remoteAddress } }, at) => ({
        id: at + 1,
        remoteAddress: localAddress,
        localAddress: remoteAddress,
      })),
    );
  });
});

it("a handler is told which connection it works for", async () => {
  const harness = await served({
    handler: (_line, { connection }) => `${connection.id} ${connection.remoteAddress.port}`,
  });
  await harness.connect();
  const peer = await harness.connect();
  await peer.send("?\n");
  expect(peer.received).toBe(`2 ${peer.connection.localAddress.port}\n`);
});

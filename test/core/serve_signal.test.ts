import { describe, expect, it } from "vitest";
import { type Listener, lines, type ServerEvent, SpillwayError, serve, type Transport } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { served } from "./support/served.ts";

const SERVICE = { port: 7, codec: lines(), handler: (line: string) => line };
const REASON = new Error("not any more");

/** Listens once it is told to, and then as `transport` does. */
function slowly(transport: Transport): { slow: Transport; listening: Promise<void>; go: () => Promise<Listener> } {
  let go: (() => Promise<Listener>) | undefined;
  let begun = () => {};
  const listening = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const slow: Transport = {
    name: "slow",
    connect: (options) => transport.connect(options),
    listen: (options) =>
      new Promise((resolve, reject) => {
        begun();
        go = () => {
          const listener = transport.listen(options);
          listener.then(resolve, reject);
          return listener;
        };
      }),
  };
  return { slow, listening, go: () => (go as () => Promise<Listener>)() };
}

async function expectFree(transport: Transport): Promise<void> {
  const refused = transport.connect({ hostname: "127.0.0.1", port: SERVICE.port });
  await expect(refused).rejects.toMatchObject({ code: "connection-refused" });
}

describe("the signal of serve", () => {
  it("that is aborted already rejects with its reason before anything listens", async () => {
    const transport = memoryTransport();
    const events: ServerEvent[] = [];
    const observer = (event: ServerEvent) => void events.push(event);
    const signal = AbortSignal.abort(REASON);
    await expect(serve(transport, { ...SERVICE, observer, signal })).rejects.toBe(REASON);
    await expectFree(transport);
    expect(events).toEqual([]);
  });

  it("that is aborted comes behind options that make no sense", async () => {
    const signal = AbortSignal.abort(REASON);
    await expect(serve(memoryTransport(), { ...SERVICE, concurrency: 0, signal })).rejects.toThrow(RangeError);
  });

  it("that is aborted while the transport begins to listen rejects at once, and the listener is closed", async () => {
    const transport = memoryTransport();
    const { slow, listening, go } = slowly(transport);
    const controller = new AbortController();
    const serving = serve(slow, { ...SERVICE, signal: controller.signal });
    await listening;
    controller.abort(REASON);
    await expect(serving).rejects.toBe(REASON);
    await go();
    await tickEnd();
    await expectFree(transport);
  });

  it("that is aborted while the transport fails to listen is the reason all the same", async () => {
    const transport = memoryTransport();
    const taken = await transport.listen({ hostname: "127.0.0.1", port: SERVICE.port, backlog: 1 });
    const { slow, listening, go } = slowly(transport);
    const controller = new AbortController();
    const serving = serve(slow, { ...SERVICE, signal: controller.signal });
    await listening;
    controller.abort(REASON);
    await expect(serving).rejects.toBe(REASON);
    await expect(go()).rejects.toMatchObject({ code: "address-in-use" });
    taken.close();
  });

  it("that is never aborted lets through why the transport cannot listen", async () => {
    const transport = memoryTransport();
    const taken = await transport.listen({ hostname: "127.0.0.1", port: SERVICE.port, backlog: 1 });
    const { signal } = new AbortController();
    await expect(serve(transport, { ...SERVICE, signal })).rejects.toBeInstanceOf(SpillwayError);
    taken.close();
  });

  it("drains the server later: what is in flight is answered", async () => {
    const controller = new AbortController();
    let answer = (_line: string) => {};
    const handler = () => new Promise<string>((resolve) => (answer = resolve));
    const harness = await served({ handler, signal: controller.signal });
    const [busy, idle] = [await harness.connect(), await harness.connect()];
    await busy.send("question\n");
    controller.abort();
    await harness.settle();
    expect([busy.ended, idle.ended]).toEqual([false, true]);
    answer("answer");
    await harness.settle();
    expect(busy.received).toBe("answer\n");
    expect(await harness.server.finished).toEqual({ drained: 2, aborted: 0 });
  });

  it("does not force a shutdown that has begun, in whichever step", async () => {
    const controller = new AbortController();
    const harness = await served({ signal: controller.signal });
    const peer = await harness.connect();
    const drained = harness.server.shutdown({ graceMs: 10_000 });
    await peer.send("still here\n");
    controller.abort();
    await harness.settle();
    expect([peer.received, peer.ended]).toEqual(["STILL HERE\n", false]);
    await harness.clock.advance(10_000);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("begins a shutdown that a call then forces", async () => {
    const controller = new AbortController();
    const harness = await served({ handler: () => new Promise<string>(() => {}), signal: controller.signal });
    const peer = await harness.connect();
    await peer.send("hang\n");
    controller.abort();
    await harness.settle();
    expect(harness.closed).toEqual([]);
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 1 });
  });

  it("may be aborted by the observer that hears of listening, and of draining", async () => {
    for (const type of ["listening", "draining"] as const) {
      const controller = new AbortController();
      const events: string[] = [];
      const observer = (event: ServerEvent) => {
        events.push(event.type);
        if (event.type === type) controller.abort();
      };
      const server = await serve(memoryTransport(), { ...SERVICE, observer, signal: controller.signal });
      if (type === "draining") void server.shutdown();
      expect(await server.finished).toEqual({ drained: 0, aborted: 0 });
      expect(events).toEqual(["listening", "draining", "drained"]);
    }
  });

  it("is let go of when the server is over", async () => {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const watched = {
      aborted: false,
      reason: undefined,
      addEventListener: (_: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener),
    } as unknown as typeof signal;
    const server = await serve(memoryTransport(), { ...SERVICE, signal: watched });
    expect(listeners.size).toBe(1);
    await server.shutdown();
    await server.finished;
    expect(listeners.size).toBe(0);
  });
});

import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import {
  type DrainSignal,
  drainOnSignals,
  lines,
  type Server,
  type SignalSource,
  SpillwayError,
  serveWithSignals,
  type Transport,
} from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

const ALL: readonly DrainSignal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

const options = { port: 0, codec: lines(), handler: (line: string) => line };

/** Only counts how often it was told to shut down. */
function counted() {
  const server = { shutdowns: 0, shutdown: () => (server.shutdowns += 1) };
  return server as unknown as Server & { readonly shutdowns: number };
}

describe("drainOnSignals", () => {
  it("shuts down at each signal, and says before whether that forces", () => {
    const source = new EventEmitter();
    const server = counted();
    const seen: unknown[] = [];
    drainOnSignals(server, source, {
      signals: ALL,
      onSignal: (signal, forced) => seen.push([signal, forced, server.shutdowns]),
    });
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGINT", "SIGHUP"]) source.emit(signal);
    expect(seen).toEqual([
      ["SIGHUP", false, 0],
      ["SIGINT", true, 1],
      ["SIGHUP", true, 2],
    ]);
  });

  it("listens to SIGINT and SIGTERM, unless others are asked for", () => {
    const source = new EventEmitter();
    drainOnSignals(counted(), source);
    expect(source.eventNames()).toEqual(["SIGINT", "SIGTERM"]);
  });

  it("leaves nothing behind when it is ended, also twice", () => {
    const source = new EventEmitter();
    const server = counted();
    const end = drainOnSignals(server, source, { signals: ALL });
    end();
    expect(source.eventNames()).toEqual([]);
    end();
    expect(server.shutdowns).toBe(0);
  });

  it("does nothing when it is ended, for a source that keeps its listeners", () => {
    const emitter = new EventEmitter();
    const server = counted();
    const end = drainOnSignals(server, {
      on: (signal, listener) => emitter.on(signal, listener),
      off: () => undefined,
    });
    emitter.emit("SIGINT");
    end();
    emitter.emit("SIGINT");
    expect(server.shutdowns).toBe(1);
  });

  it("does without a signal that the system refuses", () => {
    const emitter = new EventEmitter();
    const server = counted();
    const source: SignalSource = {
      on: (signal, listener) => {
        if (signal === "SIGHUP") throw new TypeError("Windows does not support SIGHUP");
        emitter.on(signal, listener);
      },
      off: (signal, listener) => emitter.off(signal, listener),
    };
    const end = drainOnSignals(server, source, { signals: ALL });
    for (const signal of ALL) emitter.emit(signal);
    end();
    expect(server.shutdowns).toBe(3);
    expect(emitter.eventNames()).toEqual([]);
  });

  it("has one listener for each signal, however many servers there are; the last one takes it away", () => {
    const source = new EventEmitter();
    const servers = Array.from({ length: 20 }, counted);
    const ends = servers.map((server) => drainOnSignals(server, source));
    expect(source.listenerCount("SIGINT")).toBe(1);
    ends[0]?.();
    source.emit("SIGINT");
    expect(servers.map(({ shutdowns }) => shutdowns)).toEqual([0, ...Array<number>(19).fill(1)]);
    for (const end of ends) end();
    expect(source.eventNames()).toEqual([]);
    const again = counted();
    drainOnSignals(again, source);
    source.emit("SIGTERM");
    expect(again.shutdowns).toBe(1);
  });
});

describe("serve with signals", () => {
  it("drains each server at a signal, and gives the signals back when all have drained", async () => {
    const source = new EventEmitter();
    const transport = memoryTransport();
    const first = await serveWithSignals(transport, { ...options, signals: true }, source);
    const second = await serveWithSignals(transport, { ...options, signals: true }, source);
    await first.shutdown();
    expect(source.eventNames()).toEqual(["SIGINT", "SIGTERM"]);
    source.emit("SIGTERM");
    expect(await second.finished).toEqual({ drained: 0, aborted: 0 });
    expect(source.eventNames()).toEqual([]);
  });

  it.each([{}, { signals: false }])("listens to none with %j", async (settings) => {
    const source = new EventEmitter();
    const server = await serveWithSignals(memoryTransport(), { ...options, ...settings }, source);
    expect(source.eventNames()).toEqual([]);
    await server.shutdown();
  });

  it("refuses what is neither true nor false, before it listens", async () => {
    const signals = "SIGINT" as unknown as boolean;
    const transport = { listen: () => expect.unreachable() } as unknown as Transport;
    await expect(serveWithSignals(transport, { ...options, signals }, new EventEmitter())).rejects.toThrow(
      new TypeError("signals must be true or false, not string"),
    );
  });

  it("gives the signals back when accepting failed for good; that is rejected as ever", async () => {
    const source = new EventEmitter();
    let fail = (_error: SpillwayError) => {};
    const dead: Transport = {
      name: "dead",
      listen: async () => ({
        address: { hostname: "127.0.0.1", port: 1 },
        close: () => undefined,
        [Symbol.asyncIterator]: () => ({
          next: () =>
            new Promise<never>((_resolve, reject) => {
              fail = reject;
            }),
        }),
      }),
      connect: () => expect.unreachable(),
    };
    const server = await serveWithSignals(dead, { ...options, observer: () => undefined, signals: true }, source);
    expect(source.eventNames()).toEqual(["SIGINT", "SIGTERM"]);
    fail(new SpillwayError("accept-failed", "cannot accept"));
    await expect(server.finished).rejects.toThrow("cannot accept");
    expect(source.eventNames()).toEqual([]);
  });
});

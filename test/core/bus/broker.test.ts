import { describe, expect, it } from "vitest";
import { type Bus, type BusContext, lines, type ServeOptions, SpillwayError, serve } from "../../../src/core/mod.ts";
import { manualClock, memoryBus, memoryTransport } from "../../../src/testing/mod.ts";
import { onABus } from "./support/on_a_bus.ts";

const KIB = "x".repeat(1_024);

describe("a broker that is down", () => {
  it("at the start does not keep a server from listening, and is reported once until it is up", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    bus.stop();
    const one = await onABus(bus, clock);
    const peer = await one.member("all");
    await clock.advance(60_000);
    expect(one.server.group("all").broadcast("x")).toEqual({ sent: 1, dropped: 0 });
    await clock.advance(1);
    expect(peer.received).toBe("x\n");
    expect(one.of("bus-down").map(({ error }) => error.code)).toEqual(["bus-connect-failed"]);
    expect(one.server.bus?.up).toBe(false);
    bus.start();
    await clock.advance(5_000);
    expect(one.server.bus?.up).toBe(true);
    expect(one.of("bus-up")[0]?.downMs).toBeGreaterThan(59_000);
  });

  it("keeps what was sent meanwhile, until the others are back", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const peer = await other.member("all");
    await one.member("all");
    await clock.advance(2_000);
    bus.stop();
    await clock.advance(1_000);
    let expected = "";
    for (let index = 0; index < 100; index++) {
      one.server.group("all").broadcast(`${index}`);
      expected += `${index}\n`;
      await clock.advance(10);
    }
    bus.start();
    await clock.advance(10_000);
    expect(peer.received).toBe(expected);
    expect([one.gaps, other.gaps]).toEqual([[], []]);
  });

  it("does not have stale messages sent when it is back", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus({ via: bus, maxWaitMs: 9_000 }, clock), await onABus(bus, clock)];
    const peer = await other.member("all");
    await clock.advance(2_000);
    bus.stop();
    one.server.group("all").broadcast("stale");
    await clock.advance(9_500);
    one.server.group("another").broadcast("fresh");
    bus.start();
    await clock.advance(10_000);
    expect(peer.received).toBe("");
    expect(one.stats.framesDropped).toBe(1);
    expect(other.gaps).toMatchObject([{ missed: 1, origin: one.origin }]);
  });

  it("costs bounded memory with `drop`", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus({ via: bus, maxWaitingBytes: 65_536 }, clock);
    bus.stop();
    for (let index = 0; index < 1_000; index++) {
      one.server.group("all").broadcast(KIB);
      await clock.advance(1);
    }
    expect(one.stats.waitingBytes).toBeLessThanOrEqual(65_536);
    expect(one.stats).toMatchObject({ framesSent: 1_000, framesDropped: 1_000 - 63, framesRefused: 0 });
  });

  it("has broadcasts refused with `refuse`, before anybody gets them", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus({ via: bus, maxWaitingBytes: 65_536, whenFull: "refuse" }, clock);
    const peer = await one.member("all");
    bus.stop();
    await clock.advance(10);
    const codes = new Set<unknown>();
    for (let index = 0; index < 100; index++) {
      try {
        one.server.group("all").broadcast(KIB);
      } catch (error) {
        codes.add(error instanceof SpillwayError && error.code);
      }
    }
    await clock.advance(1);
    expect([...codes]).toEqual(["bus-full"]);
    expect(one.stats).toMatchObject({ framesSent: 63, framesDropped: 0, framesRefused: 37 });
    expect(peer.receivedBytes).toBe(63 * 1_025);
  });

  it("is asked again with pauses that grow", async () => {
    const clock = manualClock();
    const at: number[] = [];
    const bus: Bus = {
      name: "refusing",
      connect: () => {
        at.push(clock.now());
        return Promise.reject(new Error("wrong password"));
      },
    };
    const one = await onABus(bus, clock, { random: () => 0 });
    await clock.advance(30_000);
    const pauses = at.slice(1).map((instant, index) => instant - (at[index] ?? 0));
    expect(pauses.slice(0, 8)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    expect(one.of("bus-down").map(({ error }) => [error.code, error.message])).toEqual([
      ["bus-connect-failed", "cannot connect to the broker: wrong password"],
    ]);
  });
});

describe("a broker that hangs", () => {
  it("is left after five seconds, and local members go on", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const peer = await one.member("all");
    await other.member("all");
    await clock.advance(2_000);
    bus.hang();
    let expected = "";
    for (let second = 0; second < 30; second++) {
      one.server.group("all").broadcast(`${second}`);
      expected += `${second}\n`;
      await clock.advance(1_000);
    }
    expect(peer.received).toBe(expected);
    expect(one.of("bus-down").map(({ error }) => error.code)).toEqual(["bus-disconnected"]);
    bus.resume();
    await clock.advance(15_000);
    expect([one.stats.up, other.stats.up]).toEqual([true, true]);
    // Frames that the broker had taken before it was left are on their way or lost; later ones waited at most ten seconds.
    expect(other.gaps).toHaveLength(1);
  });

  it("at the start is given up after ten seconds, and asked again", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    bus.hang();
    const one = await onABus(bus, clock);
    await clock.advance(9_000);
    expect(one.of("bus-down")).toEqual([]);
    await clock.advance(2_000);
    expect(one.of("bus-down").map(({ error }) => error.message)).toEqual(["the broker did not answer in time"]);
    bus.resume();
    await clock.advance(10_000);
    expect(one.stats.up).toBe(true);
    // The connection of the first attempt came too late.
    expect(bus.connections).toHaveLength(1);
  });

  it("does not hold up the end of a server for more than a second", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus(bus, clock);
    bus.hang();
    const drained = one.server.shutdown();
    await clock.advance(999);
    expect(one.of("drained")).toEqual([]);
    await clock.advance(2);
    await drained;
    expect(one.of("drained")).toHaveLength(1);
  });

  it("does not hold up the end of a server at all when it is forced", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus(bus, clock);
    bus.hang();
    const drained = one.server.shutdown();
    await clock.advance(100);
    void one.server.shutdown();
    await clock.advance(0);
    await drained;
    expect(one.of("drained")).toHaveLength(1);
  });

  it("keeps `settled` from fulfilling with true", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus(bus, clock);
    bus.hang();
    one.server.group("all").broadcast("x");
    const settled = one.server.bus?.settled();
    await clock.advance(10_000);
    expect(await settled).toBe(false);
  });
});

describe("a frame", () => {
  it("that is too large for the broker is refused at the call, before anybody gets it", async () => {
    const clock = manualClock();
    const bus = memoryBus({ maxPayloadBytes: 1_024 });
    const one = await onABus(bus, clock);
    const peer = await one.member("all");
    expect(() => one.server.group("all").broadcast(KIB)).toThrow(
      expect.objectContaining({ code: "bus-frame-too-large", message: expect.stringMatching(/memory takes 996/) }),
    );
    expect(peer.received).toBe("");
    expect(one.server.group("all").broadcast("x".repeat(980))).toEqual({ sent: 1, dropped: 0 });
    for (let index = 0; index < 50; index++) one.server.group("all").broadcast("x".repeat(500));
    await clock.advance(100);
    expect(one.stats).toMatchObject({ framesSent: 51, framesDropped: 0, up: true });
  });

  const values: [string, unknown, unknown][] = [
    ["text", "é\n😀", "é\n😀"],
    ["empty text", "", ""],
    ["bytes", Uint8Array.of(0, 255, 10), Uint8Array.of(0, 255, 10)],
    ["no bytes", new Uint8Array(0), new Uint8Array(0)],
    ["an object", { a: [1, null, { b: "x" }] }, { a: [1, null, { b: "x" }] }],
    ["a number", 1.5, 1.5],
    ["null", null, null],
  ];
  it.each(values)("that is %s crosses as it is", async (_, frame, expected) => {
    const { serveValues, clock, received } = await values_on_a_bus();
    const [one, other] = [await serveValues(), await serveValues()];
    await other.join();
    one.server.group("all").broadcast(frame);
    await clock.advance(10);
    expect(received).toEqual([expected]);
  });

  it.each([
    ["undefined", undefined, "the frame is undefined, which has no form in JSON; see bus.frames"],
    ["a function", () => 1, "the frame is function, which has no form in JSON; see bus.frames"],
    ["a bigint", 1n, /cannot cross between servers as JSON: .*BigInt.*; see bus.frames/],
  ])("that is %s has no form, and is refused at the call", async (_, frame, message) => {
    const { serveValues } = await values_on_a_bus();
    const one = await serveValues();
    expect(() => one.server.group("all").broadcast(frame)).toThrow(
      expect.objectContaining({ code: "bus-frame-invalid", message: expect.stringMatching(message) }),
    );
  });

  it("crosses in the form of `frames`", async () => {
    const frames = {
      encode: (frame: bigint) => new TextEncoder().encode(`${frame}`),
      decode: (bytes: Uint8Array) => BigInt(new TextDecoder().decode(bytes)),
    };
    const { serveValues, clock, received } = await values_on_a_bus({ frames });
    const [one, other] = [await serveValues(), await serveValues()];
    await other.join();
    one.server.group("all").broadcast(12n);
    await clock.advance(10);
    expect(received).toEqual([12n]);
  });

  it("that a codec elsewhere refuses is counted and reported there", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const peer = await other.member("all");
    one.server.group("all").broadcast("two\nlines");
    one.server.group("all").broadcast("one line");
    await clock.advance(10);
    expect(peer.received).toBe("one line\n");
    expect(other.stats.invalid).toBe(1);
    expect(other.of("bus-error").map(({ error }) => error.code)).toEqual(["bus-message-invalid"]);
  });
});

/** Servers whose members get frames of any kind, and write down those of broadcasts. */
async function values_on_a_bus(more: { frames?: never } | object = {}) {
  const clock = manualClock();
  const via = memoryBus();
  const received: unknown[] = [];
  const serveValues = async () => {
    const transport = memoryTransport();
    const options: ServeOptions<string, unknown> = {
      port: 0,
      codec: {
        decoder: () => lines().decoder(),
        encoder: () => ({ encode: (frame) => void received.push(frame) }),
      },
      onConnect: (session) => session.join("all"),
      handler: () => undefined,
      clock,
      bus: { via, ...more },
    };
    const server = await serve(transport, options);
    await clock.advance(10);
    const join = async () => {
      await transport.connect(server.address);
      await clock.advance(10);
    };
    return { server, join };
  };
  return { clock, received, serveValues };
}

describe("a message", () => {
  /** A bus whose messages the test makes. */
  function scripted() {
    const contexts: BusContext[] = [];
    const bus: Bus = {
      name: "scripted",
      connect: async (context) => {
        contexts.push(context);
        return {
          maxPayloadBytes: 1_024,
          publish: () => undefined,
          subscribe: async () => undefined,
          unsubscribe: () => undefined,
          flush: async () => undefined,
          close: () => undefined,
        };
      },
    };
    return { bus, contexts };
  }

  it.each([
    ["of nothing", []],
    ["of another version", [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["of another kind", [1, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]],
    ["that is cut off", [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 5]],
    ["with a number that does not end", [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, ...Array.from({ length: 10 }, () => 255)]],
    ["with a frame for nobody", [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 9, 0, 0]],
    ["with a name that is cut off", [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 50, 0]],
  ])("%s is counted, and reported once a second", async (_, bytes) => {
    const { bus, contexts } = scripted();
    const one = await onABus(bus);
    for (let index = 0; index < 100; index++) contexts[0]?.onMessage(0, Uint8Array.from(bytes));
    expect(one.stats.invalid).toBe(100);
    expect(one.of("bus-error").map(({ error }) => error.code)).toEqual(["bus-message-invalid"]);
  });

  it.each<[string, (header: number[]) => [number, Uint8Array]]>([
    ["a batch", (header) => [0, Uint8Array.from([1, 1, ...header, 0, 1, 1, 0, 0])]],
    ["a beacon", (header) => [256, Uint8Array.from([1, 2, ...header, 0, 0, 1, 7, 1])]],
  ])("of this server that it has not sent shows a copy of the process: %s", async (_, message) => {
    const { bus, contexts } = scripted();
    const one = await onABus(bus, manualClock(), { random: () => 0 });
    const header = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    contexts[0]?.onMessage(256, Uint8Array.from([1, 2, ...header, 0, 0, 0]));
    expect(one.of("bus-error")).toEqual([]);
    contexts[0]?.onMessage(...message(header));
    expect(one.of("bus-error").map(({ error }) => error.code)).toEqual(["bus-origin-taken"]);
  });

  it("that comes twice is delivered once", async () => {
    const { bus, contexts } = scripted();
    const one = await onABus(bus);
    const peer = await one.member("a");
    const message = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 97, 1, 98];
    contexts[0]?.onMessage(topic(), Uint8Array.from(message));
    contexts[0]?.onMessage(topic(), Uint8Array.from(message));
    await one.clock.advance(10);
    expect(peer.received).toBe("b\n");
  });

  it("that a driver cannot send ends the connection", async () => {
    const { bus } = scripted();
    const broken: Bus = {
      name: "broken",
      connect: async (context) => ({
        ...(await bus.connect(context)),
        publish: () => {
          throw new Error("no socket");
        },
      }),
    };
    const one = await onABus(broken);
    expect(one.of("bus-down").map(({ error }) => error.message)).toEqual([
      "the connection to the broker failed: no socket",
    ]);
  });
});

/** The topic of the group "a". */
function topic(): number {
  let hash = 0x811c9dc5 ^ 1;
  hash = Math.imul(hash ^ 97, 0x01000193);
  return ((hash >>> 16) ^ hash) & 255;
}

describe("the option bus", () => {
  const base = { port: 0, codec: lines(), handler: (line: string) => line };
  const via = memoryBus();
  it.each<[unknown, string]>([
    [1, "bus must be a bus, or an object"],
    [{}, "bus.via must be a bus, such as redis({ url }) of spillway/buses/redis"],
    [{ via, whenful: "drop" }, "unknown option whenful; did you mean whenFull?"],
    [{ via, whenFull: "wait" }, 'bus.whenFull must be "drop" or "refuse", not "wait"'],
    [{ via, maxWaitingBytes: 0.5 }, "bus.maxWaitingBytes must be a whole number of at least 1, not 0.5"],
    [{ via, maxWaitMs: 0 }, "bus.maxWaitMs must be more than 0 ms (Infinity turns it off), not 0"],
    [{ via, frames: {} }, "bus.frames must be an object with the functions encode and decode"],
  ])("refuses as invalid %j", async (bus, message) => {
    await expect(serve(memoryTransport(), { ...base, bus: bus as never })).rejects.toThrow(message);
  });

  it("refuses an onGap that is no function", async () => {
    await expect(serve(memoryTransport(), { ...base, onGap: 1 as never })).rejects.toThrow("onGap must be a function");
  });

  it("has the driver loaded before the server listens", async () => {
    const transport = memoryTransport();
    const error = new SpillwayError("bus-unavailable", "the package is not installed");
    const missing: Bus = { ...via, connect: via.connect, load: () => Promise.reject(error) };
    await expect(serve(transport, { ...base, port: 8080, bus: missing })).rejects.toBe(error);
    await expect(transport.connect({ hostname: "127.0.0.1", port: 8080 })).rejects.toThrow("nothing listens");
  });
});

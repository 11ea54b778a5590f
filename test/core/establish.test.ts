import { describe, expect, it } from "vitest";
import {
  type Connection,
  connect,
  type EstablishContext,
  type EstablishStep,
  identify,
  lines,
  readHead,
  type ServeOptions,
  SpillwayError,
  serve,
  streamConnection,
} from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { served } from "./support/served.ts";

/** A step that a test settles. */
function held() {
  const calls: { connection: Connection; context: EstablishContext; go(): void; refuse(error: unknown): void }[] = [];
  const step: EstablishStep = (connection, context) =>
    new Promise((resolve, reject) => {
      calls.push({ connection, context, go: () => resolve(connection), refuse: reject });
    });
  return { calls, step };
}

/** A connection that no server has. */
async function strayConnection(): Promise<Connection> {
  const transport = memoryTransport();
  const { address } = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 1 });
  return transport.connect(address);
}

const firstLine = (bytes: Uint8Array): number | undefined => bytes.indexOf(10) + 1 || undefined;

function lock(connection: Connection): Connection {
  connection.readable.getReader();
  return connection;
}

const denied = () => new SpillwayError<"denied">("denied", "not you");

describe("establish steps", () => {
  it("run in their order, each with the connection of the one before, and then the session begins", async () => {
    const seen: string[] = [];
    const named =
      (name: string): EstablishStep =>
      (connection) => {
        seen.push(`${name} ${connection.remoteAddress.hostname}`);
        return identify(connection, { remoteAddress: { hostname: `192.0.2.${seen.length}`, port: 7 } });
      };
    const harness = await served({ establish: [named("a"), named("b")] });
    const peer = await harness.connect();
    await peer.send("hi\n");
    expect(seen).toEqual(["a 127.0.0.1", "b 192.0.2.1"]);
    expect(peer.received).toBe("HI\n");
    expect(harness.of("connection-opened")).toMatchObject([
      { connection: { id: 1, remoteAddress: { hostname: "192.0.2.2", port: 7 } } },
    ]);
  });

  it("that return promises delay no other connection", async () => {
    const { calls, step } = held();
    let slow = true;
    const harness = await served({
      establish: [(connection, context) => (slow ? step(connection, context) : connection)],
    });
    const first = await harness.connect();
    slow = false;
    const second = await harness.connect();
    await second.send("two\n");
    expect(second.received).toBe("TWO\n");
    expect(harness.server.stats()).toMatchObject({ connections: 1, establishing: 1, accepted: 1 });
    await first.send("one\n");
    calls[0]?.go();
    await harness.settle();
    expect(first.received).toBe("ONE\n");
    expect(harness.server.stats()).toMatchObject({ connections: 2, establishing: 0, accepted: 2 });
  });

  it("that throw refuse the connection: one event with the reason, no session, no other event", async () => {
    const harness = await served({
      establish: [
        () => {
          throw denied();
        },
      ],
    });
    const peer = await harness.connect();
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([
      { connection: { id: 1, remoteAddress: { hostname: "127.0.0.1" } }, error: { code: "denied" }, durationMs: 0 },
    ]);
    expect(harness.of("connection-opened")).toEqual([]);
    expect(harness.server.stats()).toMatchObject({ accepted: 0, establishing: 0, establishFailed: 1, connections: 0 });
  });

  it.each([
    [
      "throws another value",
      () => {
        throw new Error("boom");
      },
    ],
    ["rejects with another value", () => Promise.reject(new Error("boom"))],
    ["returns no connection", () => undefined as unknown as Connection],
    ["promises no connection", () => Promise.resolve(undefined as unknown as Connection)],
  ] satisfies [string, EstablishStep][])("that %s fail as establish-failed", async (_, step) => {
    const harness = await served({ establish: [step] });
    const peer = await harness.connect();
    await harness.settle();
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "establish-failed" } }]);
  });

  it.each([
    ["undefined", undefined],
    ["an object", {}],
    ["a pair of streams", new TransformStream()],
  ])("that return %s are told what they must return", async (_, result) => {
    const harness = await served({ establish: [() => result as unknown as Connection] });
    await harness.connect();
    const [refusal] = harness.of("establish-failed");
    expect(refusal?.error.message).toContain("an establish step must return a connection");
  });

  it("are not called after one that refuses", async () => {
    let calls = 0;
    const harness = await served({
      establish: [
        () => Promise.reject(denied()),
        (connection) => {
          calls += 1;
          return connection;
        },
      ],
    });
    await harness.connect();
    expect(calls).toBe(0);
  });

  it.each([
    ["asynchronous", async (connection: Connection) => lock(connection)],
    ["synchronous", lock],
  ] satisfies [string, EstablishStep][])("that still use what they return end that connection: %s", async (_, step) => {
    const harness = await served({ establish: [step] });
    const peer = await harness.connect();
    await harness.settle();
    expect(peer.error).toBeDefined();
    expect(harness.reasons).toEqual(["connection-failed"]);
    expect(harness.closed[0]?.error?.message).toMatch(
      /^the connection cannot be served, because an establish step still/,
    );
    expect(harness.server.stats().connections).toBe(0);
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 0 });
  });

  it("that return a connection twice end the second, and leave the first alone", async () => {
    let kept: Connection | undefined;
    const harness = await served({ establish: [(connection) => (kept ??= connection)] });
    const first = await harness.connect();
    await harness.connect();
    await first.send("hi\n");
    expect(first.received).toBe("HI\n");
    expect(harness.reasons).toEqual(["connection-failed"]);
  });

  it("whose connection cannot be aborted are refused all the same", async () => {
    const harness = await served({
      establish: [
        (connection) =>
          Object.assign(streamConnection(connection), {
            abort: () => {
              throw new Error("no");
            },
          }),
        () => {
          throw denied();
        },
      ],
    });
    await harness.connect();
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "denied" } }]);
    expect(harness.server.state).toBe("listening");
  });

  it("of one target hold up no other target", async () => {
    const { step } = held();
    const transport = memoryTransport();
    await using server = await serve(transport, {
      listen: [{ port: 1, establish: [step] }, { port: 2 }],
      codec: lines(),
      handler: (line) => line,
      maxEstablishing: 1,
    });
    for (let count = 0; count < 3; count++) await transport.connect({ hostname: "127.0.0.1", port: 1 });
    await using client = await connect(transport, { port: 2, codec: lines() });
    expect(await client.request("hi")).toBe("hi");
    expect(server.stats().establishing).toBe(1);
  });

  it("may end the connection in order before they refuse it", async () => {
    const harness = await served({
      establish: [
        (connection) => {
          void connection.close();
          throw denied();
        },
      ],
    });
    const peer = await harness.connect();
    expect([peer.ended, peer.error !== undefined]).toEqual([true, false]);
  });

  it("have one deadline together, and their signal says so", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step, step], establishTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await harness.clock.advance(600);
    calls[0]?.go();
    await harness.clock.advance(300);
    const signal = calls[1]?.context.signal as AbortSignal;
    expect(signal.aborted).toBe(false);
    await harness.clock.advance(200);
    expect((signal.reason as SpillwayError).code).toBe("establish-timeout");
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "establish-timeout" } }]);
    expect(harness.of("establish-failed")[0]?.durationMs).toBeGreaterThanOrEqual(1_000);
    // A result that comes too late changes nothing.
    calls[1]?.go();
    await harness.settle();
    expect(harness.server.stats()).toMatchObject({ connections: 0, establishing: 0, establishFailed: 1 });
  });

  it.each([
    ["the connection", (connection: Connection) => connection],
    ["something else", () => ({}) as unknown as Connection],
    ["nothing", () => undefined as unknown as Connection],
  ])("that give %s when their time is up change nothing", async (_, give) => {
    const calls: (() => void)[] = [];
    const harness = await served({
      establish: [(connection) => new Promise((resolve) => calls.push(() => resolve(give(connection))))],
      establishTimeoutMs: 1_000,
    });
    await harness.connect();
    await harness.clock.advance(1_000);
    calls[0]?.();
    await harness.settle();
    expect(harness.of("establish-failed")).toHaveLength(1);
    expect(harness.of("connection-opened")).toEqual([]);
  });

  it("that give another connection when their time is up have it aborted", async () => {
    const late = await strayConnection();
    let give!: (connection: Connection) => void;
    const harness = await served({
      establish: [() => new Promise((resolve) => (give = resolve))],
      establishTimeoutMs: 1_000,
    });
    await harness.connect();
    await harness.clock.advance(1_000);
    give(late);
    expect(await late.closed).toMatchObject({ code: "aborted" });
  });

  it("that ask for their signal only when their time is up find it aborted", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step], establishTimeoutMs: 1_000 });
    await harness.connect();
    await harness.clock.advance(1_000);
    expect(calls[0]?.context.signal).toMatchObject({ aborted: true, reason: { code: "establish-timeout" } });
  });

  it("may put another connection in the place of theirs", async () => {
    const shout = ({ readable, writable }: Connection): Connection => {
      const quiet = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => controller.enqueue(chunk.map((byte) => (byte === 0x78 ? 0x79 : byte))),
      });
      return streamConnection({ readable: readable.pipeThrough(quiet), writable });
    };
    const harness = await served({ establish: [shout] });
    const peer = await harness.connect();
    await peer.send("xyz\n");
    expect(peer.received).toBe("YYZ\n");
  });

  it("make room when they refuse a connection, and the server says so", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step], maxConnections: 1 });
    await harness.connect();
    expect(harness.of("connections-full")).toHaveLength(1);
    calls[0]?.refuse(denied());
    await harness.clock.advance(2_000);
    expect(harness.of("connections-available")).toHaveLength(1);
  });

  it("end with the drain, too, when the connection was accepted in the very moment", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step] });
    const connecting = harness.transport.connect(harness.server.address);
    const drained = harness.server.shutdown();
    const connection = await connecting;
    await harness.settle();
    expect(calls).toHaveLength(1);
    expect(await drained).toEqual({ drained: 0, aborted: 0 });
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "drained" } }]);
    expect(await connection.closed).toMatchObject({ code: "connection-reset" });
  });

  it("that shut the server down leave no connection behind, whatever they return", async () => {
    const returned = await strayConnection();
    const harness = await served({
      establish: [
        () => {
          void harness.server.shutdown();
          return returned;
        },
      ],
    });
    const peer = await harness.connect();
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "drained" } }]);
    expect(harness.of("connection-opened")).toEqual([]);
    expect(await returned.closed).toMatchObject({ code: "aborted" });
  });

  it("end with the drain, which does not wait for them", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step] });
    const peer = await harness.connect();
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(await drained).toEqual({ drained: 0, aborted: 0 });
    expect(peer.error !== undefined).toBe(true);
    expect(calls[0]?.context.signal.reason).toMatchObject({ code: "drained" });
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "drained" } }]);
  });

  it("go on in the grace, and their connections are served", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step] });
    const peer = await harness.connect();
    const drained = harness.server.shutdown({ graceMs: 5_000 });
    await peer.send("hi\n");
    calls[0]?.go();
    await harness.settle();
    expect(peer.received).toBe("HI\n");
    await harness.clock.advance(5_000);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("count in maxConnections: further connections wait until one of them is over", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step], maxConnections: 2 });
    const peers = [await harness.connect(), await harness.connect(), await harness.connect()];
    expect(calls.length).toBe(2);
    expect(harness.of("connections-full")).toHaveLength(1);
    calls[0]?.refuse(denied());
    await harness.settle();
    expect(calls.length).toBe(3);
    calls[1]?.go();
    calls[2]?.go();
    await harness.settle();
    await peers[2]?.send("three\n");
    expect(peers[2]?.received).toBe("THREE\n");
  });

  it("take place for at most maxEstablishing connections at once", async () => {
    const { calls, step } = held();
    const harness = await served({ establish: [step], maxEstablishing: 2 });
    for (let count = 0; count < 5; count++) await harness.connect();
    for (const open of [2, 3, 4, 5]) {
      expect(calls.length).toBe(open);
      calls[open - 2]?.go();
      await harness.settle();
    }
    calls[4]?.go();
    await harness.settle();
    expect(harness.server.stats()).toMatchObject({ connections: 5, establishing: 0 });
  });

  it.each([
    ["one function", () => undefined, "establish must be an array of steps"],
    ["another value in the list", [1], "an establish step must be a function"],
  ])("that are %s are refused at the call", async (_, establish, message) => {
    await expect(served({ establish: establish as unknown as EstablishStep[] })).rejects.toThrow(
      new TypeError(message),
    );
  });
});

describe("readHead", () => {
  const knock: EstablishStep = async (connection) => {
    const head = await readHead(connection, firstLine);
    if (new TextDecoder().decode(head) !== "sesame\n") throw denied();
    return connection;
  };

  it.each(Array.from({ length: 12 }, (_, at) => at))("leaves what comes behind the head, split at %i", async (at) => {
    const harness = await served({ establish: [knock] });
    const peer = await harness.connect();
    const text = "sesame\nhi\nyo\n";
    await peer.send(text.slice(0, at));
    await peer.send(text.slice(at));
    expect(peer.received).toBe("HI\nYO\n");
  });

  it("takes a head byte by byte", async () => {
    const harness = await served({ establish: [knock] });
    const peer = await harness.connect();
    for (const byte of "sesame\nhi\n") await peer.send(byte);
    expect(peer.received).toBe("HI\n");
  });

  it("leaves what is behind the head to a session that has its state and its onConnect first", async () => {
    const seen: string[] = [];
    const options: Partial<ServeOptions<string, string, number>> = {
      state: ({ id }) => id,
      onConnect: () => "hello",
      handler: (line, { session }) => {
        seen.push(`${line} ${session.state}`);
        return line;
      },
    };
    const harness = await served({ ...(options as unknown as Partial<ServeOptions>), establish: [knock] });
    const peer = await harness.connect();
    await peer.send("sesame\nhi\nyo\n");
    expect(seen).toEqual(["hi 1", "yo 1"]);
    expect(peer.received).toBe("hello\nhi\nyo\n");
  });

  it("leaves what is behind the head to nobody when the connection is one too many", async () => {
    const handled: string[] = [];
    const harness = await served({
      establish: [knock],
      maxConnections: 1,
      beyondMaxConnections: "reject",
      handler: (line) => void handled.push(line),
    });
    const peers = [await harness.connect(), await harness.connect()];
    for (const peer of peers) await peer.send("sesame\nhi\n");
    expect(handled).toEqual(["hi"]);
    expect(peers[1]?.received).toBe("error: too-many-connections\n");
  });

  it("passes on what it is told of a head", async () => {
    const harness = await served({ establish: [knock] });
    const peer = await harness.connect();
    await peer.send("open up\n");
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "denied" } }]);
  });

  it("rejects when FIN or a reset comes before the end of the head", async () => {
    const harness = await served({ establish: [knock] });
    const [ending, breaking] = [await harness.connect(), await harness.connect()];
    await ending.send("ses");
    await ending.finish();
    await breaking.reset();
    await harness.settle();
    expect(harness.of("establish-failed").map(({ error }) => error.code)).toEqual([
      "unexpected-eof",
      "connection-reset",
    ]);
  });

  it("holds no more than 64 KiB for a peer that sends no head", async () => {
    const harness = await served({ establish: [knock] });
    const peer = await harness.connect();
    for (let count = 0; count < 20 && peer.error === undefined; count++) await peer.send("x".repeat(4_096));
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "frame-too-large" } }]);
  });

  it("ends with the deadline of the steps", async () => {
    const harness = await served({ establish: [knock], establishTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await peer.send("ses");
    await harness.clock.advance(1_100);
    expect(peer.error !== undefined).toBe(true);
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "establish-timeout" } }]);
  });

  it("reads one head at a time", async () => {
    const twice: EstablishStep = async (connection) => {
      await Promise.all([readHead(connection, firstLine), readHead(connection, firstLine)]);
      return connection;
    };
    const harness = await served({ establish: [twice] });
    await harness.connect();
    expect(harness.of("establish-failed")).toMatchObject([
      { error: { code: "establish-failed", cause: expect.any(TypeError) as unknown } },
    ]);
  });

  it("stops at a signal of its own", async () => {
    const reason = denied();
    const impatient: EstablishStep = async (connection) => {
      await readHead(connection, firstLine, AbortSignal.abort(reason));
      return connection;
    };
    const harness = await served({ establish: [impatient] });
    await harness.connect();
    expect(harness.of("establish-failed")).toMatchObject([{ error: { code: "denied" } }]);
  });

  it("is over with its signal when the head is read", async () => {
    const given = new AbortController();
    const harness = await served({
      establish: [
        async (connection) => {
          await readHead(connection, firstLine, given.signal);
          return connection;
        },
      ],
    });
    const peer = await harness.connect();
    await peer.send("sesame\n");
    given.abort(denied());
    await peer.send("hi\n");
    expect(peer.received).toBe("HI\n");
  });

  it("can begin again when it was given up before a byte had come", async () => {
    const given = new AbortController();
    const { calls, step } = held();
    const harness = await served({
      establish: [
        (connection) =>
          readHead(connection, firstLine, given.signal).then(
            () => connection,
            () => connection,
          ),
        step,
        knock,
      ],
    });
    const peer = await harness.connect();
    given.abort(denied());
    await peer.send("sesame\nhi\n");
    calls[0]?.go();
    await harness.settle();
    expect(peer.received).toBe("HI\n");
  });

  it.each([-1, 0.5, 100])("refuses %d as the length of a head", async (length) => {
    const harness = await served({
      establish: [
        async (connection) => {
          await readHead(connection, () => length);
          return connection;
        },
      ],
    });
    const peer = await harness.connect();
    await peer.send("abc");
    expect(harness.of("establish-failed")).toMatchObject([
      { error: { code: "establish-failed", cause: expect.any(RangeError) as unknown } },
    ]);
  });
});

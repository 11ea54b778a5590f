import { describe, expect, it } from "vitest";
import {
  type Connection,
  connect,
  type EstablishStep,
  lines,
  type ServeOptions,
  SpillwayError,
  serve,
  type Transport,
} from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

const codec = { codec: lines() } as const;
const service = { ...codec, handler: (line: string) => line.toUpperCase() } as const;

async function refusal(options: Partial<ServeOptions>): Promise<unknown> {
  try {
    const server = await serve(memoryTransport(), { ...service, ...options });
    await server.shutdown();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("the target of a server", () => {
  it("may be a path, where a client finds it", async () => {
    const transport = memoryTransport();
    await using server = await serve(transport, { ...service, path: "/run/echo.sock" });
    expect(server.addresses).toEqual([{ path: "/run/echo.sock" }]);
    await using client = await connect(transport, { ...codec, path: "/run/echo.sock" });
    expect(await client.request("hi")).toBe("HI");
    expect([...server.sessions].map(({ connection }) => connection.localAddress)).toEqual([{ path: "/run/echo.sock" }]);
  });

  it("is asked for sockets where a step takes them out of their connections, and nowhere else", async () => {
    const below = memoryTransport();
    const asked: (boolean | undefined)[] = [];
    const transport: Transport = {
      ...below,
      name: below.name,
      connect: (options) => below.connect(options),
      listen: (options) => {
        asked.push(options.detachable);
        return below.listen(options);
      },
    };
    const step: EstablishStep = (connection) => connection;
    const detaching = Object.assign((connection: Connection) => connection, { detaches: true } as const);
    await using server = await serve(transport, {
      ...service,
      establish: [step, detaching],
      listen: [{ port: 0 }, { path: "/a.sock" }, { port: 0, establish: [] }, { port: 0, establish: [step] }],
    });
    expect(server.addresses).toHaveLength(4);
    expect(asked).toEqual([true, true, undefined, undefined]);
  });

  it("has no TCP address then, and says so", async () => {
    await using server = await serve(memoryTransport(), { ...service, path: "/run/echo.sock" });
    expect(() => server.address).toThrow(new TypeError("the server has no TCP address: see server.addresses"));
  });

  it("may be several targets, each with steps of its own or those of the server", async () => {
    const transport = memoryTransport();
    const seen: string[] = [];
    await using server = await serve(transport, {
      ...service,
      establish: [
        (connection) => {
          seen.push("server");
          return connection;
        },
      ],
      listen: [
        { port: 0 },
        { path: "/a.sock", establish: [] },
        {
          port: 0,
          establish: [
            (connection) => {
              seen.push("target");
              return connection;
            },
          ],
        },
      ],
    });
    const [first, second, third] = server.addresses;
    expect(server.address).toEqual(first);
    expect(second).toEqual({ path: "/a.sock" });
    for (const address of [first, second, third]) {
      await using client = await connect(transport, { ...codec, hosts: address === undefined ? [] : [address] });
      expect(await client.request("hi")).toBe("HI");
    }
    expect(seen).toEqual(["server", "target"]);
    expect(server.stats().accepted).toBe(3);
  });

  it("is observed, one event for each address", async () => {
    const listening: unknown[] = [];
    await using server = await serve(memoryTransport(), {
      ...service,
      listen: [{ port: 7_001 }, { path: "/a.sock" }],
      observer: (event) => event.type === "listening" && listening.push(event.address),
    });
    expect(listening).toEqual(server.addresses);
  });

  it("is all bound, or nothing is", async () => {
    const transport = memoryTransport();
    await using taken = await serve(transport, { ...service, port: 0 });
    const listen = [{ path: "/a.sock" }, { port: taken.address.port }];
    await expect(serve(transport, { ...service, listen })).rejects.toMatchObject({ code: "address-in-use" });
    await using free = await serve(transport, { ...service, path: "/a.sock" });
    expect(free.addresses).toHaveLength(1);
  });

  it("is drained together, and counts together in maxConnections", async () => {
    const transport = memoryTransport();
    const server = await serve(transport, {
      ...service,
      listen: [{ port: 0 }, { path: "/a.sock" }],
      maxConnections: 2,
    });
    const clients = [
      await connect(transport, { ...codec, ...server.address }),
      await connect(transport, { ...codec, path: "/a.sock" }),
    ];
    const third = await transport.connect({ path: "/a.sock" });
    await third.writable.getWriter().write(new TextEncoder().encode("hi\n"));
    expect(server.stats().connections).toBe(2);
    await clients[0]?.close();
    const { value } = await third.readable.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("HI\n");
    third.abort();
    await server.shutdown();
    await expect(transport.connect({ path: "/a.sock" })).rejects.toThrow(SpillwayError);
    await clients[1]?.close();
  });

  it("leaves no connection behind that waits for room when the server drains", async () => {
    const transport = memoryTransport();
    const server = await serve(transport, { ...service, listen: [{ port: 1 }, { port: 2 }], maxConnections: 1 });
    const first = await connect(transport, { ...codec, port: 1 });
    const waiting = [1, 2].map((port) => transport.connect({ hostname: "127.0.0.1", port }));
    const ends = (await Promise.all(waiting)).map(({ closed }) => closed);
    expect(await server.shutdown({ timeoutMs: 1_000 })).toEqual({ drained: 1, aborted: 0 });
    expect((await Promise.all(ends)).map((error) => error?.code)).toEqual(["connection-reset", "connection-reset"]);
    expect(server.stats()).toMatchObject({ connections: 0, accepted: 1 });
    await first.close();
  });

  it("is known to an observer of listening, which may shut the server down", async () => {
    const stats: unknown[] = [];
    const server = await serve(memoryTransport(), {
      ...service,
      port: 0,
      observer: (event) => {
        if (event.type !== "listening") return;
        stats.push(event.server.stats().connections);
        void event.server.shutdown();
      },
    });
    expect(await server.finished).toEqual({ drained: 0, aborted: 0 });
    expect([stats, server.state]).toEqual([[0], "closed"]);
  });

  it.each([
    [{}, "a server needs something to listen on: port, path, fd or listen"],
    [{ port: 1, path: "/a" }, "port and path are different things to listen on: use listen for both"],
    [{ port: 1, listen: [{ port: 1 }] }, "either listen or port, not both: put port into an entry of listen"],
    [{ listen: [] }, "listen must be a list of at least one target"],
    [{ listen: [1] }, "each entry of listen must be an object"],
    [{ listen: [{ prot: 1 }] }, "unknown option prot; did you mean port?"],
    [{ listen: [{ port: 1, establish: 1 }] }, "establish must be an array of steps"],
    [{ path: "/a", keepAliveMs: 1_000 }, "keepAliveMs is for TCP, and this server listens only at paths"],
  ])("is refused as %j", async (options, message) => {
    const error = await refusal(options as unknown as Partial<ServeOptions>);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(message);
  });

  it("is for a client a path, or hosts, or a port", async () => {
    const both = { ...codec, path: "/a", port: 1 } as unknown as { path: string } & typeof codec;
    await expect(connect(memoryTransport(), both)).rejects.toThrow(
      new TypeError("either path, or hosts, or hostname and port, not both"),
    );
    await expect(connect(memoryTransport(), { ...codec, path: "/a", noDelay: true })).rejects.toThrow(
      new TypeError("noDelay is for TCP, and this client connects to a path"),
    );
  });
});

import { describe, expect, it } from "vitest";
import { type Client, connect, lines, type SpillwayError, type Transport } from "../../../src/core/mod.ts";
import { manualClock, memoryTransport } from "../../../src/testing/mod.ts";
import { listenOnTcp, type TcpListener } from "../../support/tcp_listener.ts";
import { outcome } from "./support/connected.ts";

/** So many ports of one host on which something listens, or nothing does. */
async function hosts(transport: Transport, listening: readonly boolean[]) {
  const listeners: TcpListener[] = [];
  for (const _ of listening) listeners.push(await listenOnTcp(transport));
  listening.forEach((listens, index) => !listens && listeners[index]?.close());
  return { listeners, hosts: listeners.map(({ address }) => address) };
}

describe("a client of several hosts", () => {
  const codec = lines();

  it("connects to the first that is there", async () => {
    const transport = memoryTransport();
    const { hosts: all } = await hosts(transport, [false, false, true, true]);
    const client = await connect(transport, { hosts: all, codec });
    expect(client.connection?.remoteAddress.port).toBe(all[2]?.port);
    client.abort();
  });

  it("goes on with the next when the connection is lost, round and round, and pauses grow by the round", async () => {
    const [transport, clock] = [memoryTransport(), manualClock()];
    const { hosts: all, listeners } = await hosts(transport, [true, true, true]);
    const ports: (number | undefined)[] = [];
    const delays: number[] = [];
    const client = await connect(transport, {
      hosts: all,
      codec,
      clock,
      reconnect: { jitter: 0 },
      observer: (event) => {
        if (event.type === "connection-opened") ports.push(event.connection.remoteAddress.port);
        if (event.type === "reconnecting") delays.push(event.delayMs);
      },
    });
    for (let count = 0; count < 3; count++) {
      client.reconnect();
      await clock.advance(0);
    }
    expect(ports).toEqual([0, 1, 2, 0].map((index) => all[index]?.port));
    for (const listener of listeners) listener.close();
    client.reconnect();
    await clock.advance(1_000);
    // After one without a pause, which was asked for.
    expect(delays.slice(4)).toEqual([200, 200, 400, 400]);
    client.abort();
  });

  it("says of every host why, when none is there", async () => {
    const transport = memoryTransport();
    const { hosts: all } = await hosts(transport, [false, false]);
    const error = (await connect(transport, { hosts: all, codec }).catch((failed: unknown) => failed)) as SpillwayError;
    expect(error.code).toBe("connection-refused");
    for (const { port } of all) expect(error.message).toContain(`:${port}`);
    expect((error.cause as AggregateError).errors).toHaveLength(2);
  });

  it("that is aborted between two of them connects to none", async () => {
    const transport = memoryTransport();
    const { hosts: all } = await hosts(transport, [true, true]);
    let client: Client<string, string> | undefined;
    const { connect: dial } = transport;
    transport.connect = (options) => {
      client?.abort();
      return dial.call(transport, options);
    };
    const connecting = connect<string, string>(transport, {
      hosts: all,
      codec,
      observer: (_, itself) => {
        client = itself;
      },
      onConnect: () => {
        throw new Error("not the leader");
      },
    });
    await expect(connecting).rejects.toMatchObject({ code: "client-closed" });
    expect(client?.stats().connections).toBe(1);
  });

  it("refuses reconnect() between two of them", async () => {
    const transport = memoryTransport();
    const { hosts: all } = await hosts(transport, [true, true]);
    let client: Client<string, string> | undefined;
    const thrown: unknown[] = [];
    const { connect: dial } = transport;
    transport.connect = (options) => {
      try {
        client?.reconnect();
      } catch (error) {
        thrown.push(error);
      }
      return dial.call(transport, options);
    };
    const connected = await connect(transport, {
      hosts: all,
      codec,
      reconnect: true,
      observer: (_, itself) => {
        client = itself;
      },
      onConnect: ({ connection }) => {
        if (connection.id === 1) throw new Error("not the leader");
      },
    });
    expect(thrown).toEqual([new TypeError("reconnect() before connect() is done")]);
    connected.abort();
  });

  it("that is closed while it connects to the second waits for nothing", async () => {
    const transport = memoryTransport();
    const { hosts: all } = await hosts(transport, [true, true]);
    let client: Client<string, string> | undefined;
    let given: AbortSignal | undefined;
    const { connect: dial } = transport;
    transport.connect = (options) => {
      if (client === undefined) return dial.call(transport, options);
      given = options.signal;
      queueMicrotask(() => void client?.close());
      return new Promise(() => {});
    };
    const connecting = connect(transport, {
      hosts: all,
      codec,
      observer: (_, itself) => {
        client = itself;
      },
      onConnect: () => {
        throw new Error("not the leader");
      },
    });
    await expect(connecting).rejects.toMatchObject({ code: "client-closed" });
    expect(await client?.closed).toEqual({ reason: "drained" });
    expect(given?.aborted).toBe(true);
  });

  it("goes on with the next when onConnect throws on the first", async () => {
    const transport = memoryTransport();
    const { hosts: all } = await hosts(transport, [true, true]);
    const tried: number[] = [];
    const client = await connect(transport, {
      hosts: all,
      codec,
      observer: () => {},
      onConnect: ({ connection }) => {
        if (tried.push(connection.remoteAddress.port as number) === 1) throw new Error("not the leader");
      },
    });
    expect(tried).toEqual(all.map(({ port }) => port));
    expect(client.connection?.id).toBe(2);
    const waits = outcome(client.closed);
    expect(waits()).toBe("…");
    client.abort();
  });
});

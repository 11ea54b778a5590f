import { afterEach, describe, expect } from "vitest";
import { connect } from "../../src/core/mod.ts";
import type { Client, ClientBehaviour, Connection, Listener, Server } from "../../src/mod.ts";
import { lines } from "../../src/mod.ts";
import { listenOnTcp } from "../support/tcp_listener.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

type Options = Partial<ClientBehaviour<string, string>>;

/** The side that asks, against a real server. */
export function clients(platform: Platform): void {
  const open: { abort(): void }[] = [];
  const listeners: Listener[] = [];

  async function connectTo({ address }: Pick<Server, "address">, options: Options = {}) {
    const { hostname, port } = address;
    const client = await connect(platform.transport, {
      hostname,
      port,
      codec: lines(),
      observer: () => {},
      ...options,
    });
    open.push(client);
    return client;
  }

  /** A client, and the bare connection at the other end. */
  async function connectToConnection(options: Options = {}): Promise<[Client<string, string>, Connection]> {
    const listener = await listenOnTcp(platform.transport);
    listeners.push(listener);
    const client = await connectTo(listener, options);
    const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
    open.push(value);
    return [client, value];
  }

  /** A way to a server that stops to forward anything on its first connections, without closing them, when it is told to. */
  async function frozenAfter({ address }: Pick<Server, "address">, connections: number) {
    const listener = await listenOnTcp(platform.transport);
    listeners.push(listener);
    let frozen = false;
    let count = 0;
    const forward = async (from: Connection, to: Connection, mortal: boolean) => {
      const writer = to.writable.getWriter();
      for await (const chunk of from.readable) if (!(mortal && frozen)) await writer.write(chunk);
      await writer.close();
    };
    void (async () => {
      for await (const near of listener as AsyncIterable<Connection>) {
        const far = await platform.transport.connect(address);
        open.push(near, far);
        count += 1;
        for (const [from, to] of [
          [near, far],
          [far, near],
        ] as const) {
          forward(from, to, count <= connections).catch(() => far.abort());
        }
      }
    })();
    return {
      address: listener.address,
      freeze: () => {
        frozen = true;
      },
    };
  }

  describe("a client", () => {
    afterEach(() => {
      for (const one of open.splice(0)) one.abort();
      for (const listener of listeners.splice(0)) listener.close();
    });

    testOn(platform, "gets its replies in order, of 5,000 pipelined requests", async () => {
      const { server, closed } = await start(platform, {
        codec: lines(),
        concurrency: 16,
        handler: (line) => (Number(line) % 3 === 0 ? Promise.resolve(`did ${line}`) : `did ${line}`),
      });
      const client = await connectTo(server);
      const asked = Array.from({ length: 5_000 }, (_, index) => String(index));
      expect(await Promise.all(asked.map((line) => client.request(line)))).toEqual(asked.map((line) => `did ${line}`));
      expect(await client.close()).toEqual({ drained: 0, aborted: 0 });
      expect(await client.closed).toEqual({ reason: "drained" });
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "finds a server on this machine when no hostname is given", async () => {
      const { server } = await start(platform, { codec: lines(), handler: (line) => line });
      const client = await connect(platform.transport, { port: server.address.port, codec: lines() });
      open.push(client);
      expect(await client.request("hello")).toBe("hello");
      await client.close();
    });

    testOn(platform, "and a server carry 16 MiB each way at once, with small buffers", async () => {
      const maxOutboundBytes = 16_384;
      const { server } = await start(platform, { codec: lines(), handler: (line) => line, maxOutboundBytes });
      const client = await connectTo(server, { maxOutboundBytes, maxPendingRequests: Infinity });
      const line = "x".repeat(32_767);
      const replies = await Promise.all(Array.from({ length: 512 }, () => client.request(line)));
      expect(replies.every((reply) => reply === line)).toBe(true);
      expect(client.stats().bytesIn).toBe(512 * 32_768);
    });

    testOn(platform, "drops the late reply of a slow server, and matches the next", async () => {
      const release = gate();
      const { server } = await start(platform, {
        codec: lines(),
        handler: (line) => (line === "slow" ? release.promise.then(() => line) : line),
      });
      const client = await connectTo(server);
      const controller = new AbortController();
      const aborted = client.request("slow", { signal: controller.signal });
      await expect(client.request("late", { timeoutMs: 30 })).rejects.toMatchObject({ code: "request-timeout" });
      controller.abort();
      await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
      const next = client.request("next");
      release.open();
      expect(await next).toBe("next");
      expect(client.stats()).toMatchObject({ pendingRequests: 0, waitingPushes: 0 });
    });

    testOn(platform, "is told when its connection is reset while it waits", async () => {
      const begun = gate();
      const { server } = await start(platform, {
        codec: lines(),
        handler: () => {
          begun.open();
          return new Promise<string>(() => {});
        },
      });
      const client = await connectTo(server);
      const failed = client.request("hang").catch((error: unknown) => error);
      await begun.promise;
      void server.shutdown();
      void server.shutdown();
      expect(await failed).toMatchObject({
        message: expect.stringContaining("whether the request was carried out is unknown"),
      });
      // Deno cannot send RST.
      expect(["connection-reset", "remote-closed"]).toContain((await client.closed).reason);
    });

    testOn(platform, "takes no half frame for a reply", async () => {
      const [client, far] = await connectToConnection();
      const failed = client.request("a").catch((error: unknown) => error);
      const writer = far.writable.getWriter();
      await writer.write(new TextEncoder().encode("DELETE 10"));
      await writer.close();
      expect(await failed).toMatchObject({ code: "unexpected-eof" });
    });

    testOn(
      platform,
      "lets requests wait for a server that does not read, and gives it up after writeTimeoutMs",
      async () => {
        const [client] = await connectToConnection({ writeTimeoutMs: 600, requestTimeoutMs: Infinity });
        const line = "x".repeat(60_000);
        const replies = Array.from({ length: 1_000 }, () => client.request(line).catch((error: unknown) => error));
        await eventually(() => client.stats().framesOut >= 10);
        expect(client.stats().waitingRequests).toBeGreaterThan(500);
        const errors = (await Promise.all(replies)) as { code: string }[];
        expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["write-timeout", "client-closed"]));
        expect((await client.closed).reason).toBe("write-timeout");
      },
    );

    testOn(platform, "gets what the server pushes, between its replies", async () => {
      const { server } = await start<string, string>(platform, {
        codec: lines(),
        onConnect: (session) => session.join("all"),
        handler: (line, { session }) => {
          session.group("all").broadcast(`! ${line}`);
          return line;
        },
      });
      const isPush = (frame: string) => frame.startsWith("! ");
      const [one, other] = [await connectTo(server, { isPush }), await connectTo(server, { isPush })];
      expect(await Promise.all(["a", "b"].map((line) => one.request(line)))).toEqual(["a", "b"]);
      expect(await other.request("c")).toBe("c");
      for (const client of [one, other]) {
        const frames: string[] = [];
        for await (const frame of client) if (frames.push(frame) === 3) break;
        expect(frames).toEqual(["! a", "! b", "! c"]);
      }
    });

    testOn(platform, "takes a greeting or a fault frame for a reply, unless isPush knows it", async () => {
      const { server } = await start<string, string>(platform, {
        codec: lines(),
        onConnect: () => "* welcome",
        handler: (line) => (line === "break" ? Promise.reject(new Error("broken")) : line),
      });
      let first: Promise<string> | undefined;
      await connectTo(server, {
        observer: ({ type }, trusting) => {
          if (type === "connection-opened") first = trusting.request("a");
        },
      });
      expect(await first).toBe("* welcome");
      const client = await connectTo(server, { isPush: (frame) => /^(\* |error: )/.test(frame) });
      expect(await client.request("a")).toBe("a");
      await expect(client.request("break")).rejects.toMatchObject({ code: "remote-closed" });
      const frames: string[] = [];
      for await (const frame of client) frames.push(frame);
      expect(frames).toEqual(["* welcome", "error: handler-failed"]);
    });

    testOn(platform, "pushes back to a server whose pushes nobody takes", async () => {
      const [client, far] = await connectToConnection({ maxPushes: 5 });
      const writer = far.writable.getWriter();
      const part = new TextEncoder().encode(`${"x".repeat(63)}\n`.repeat(1_024));
      let taken = 0;
      const writing = (async () => {
        for (let count = 0; count < 256; count++) {
          await writer.write(part);
          taken += 1;
        }
        await writer.close();
      })();
      let before = -1;
      await eventually(() => {
        const full = client.stats().waitingPushes === 5 && (writer.desiredSize as number) <= 0;
        const still = full && taken === before;
        before = taken;
        return still;
      });
      expect(taken).toBeLessThan(256);
      let count = 0;
      for await (const _ of client) count += 1;
      await writing;
      expect(count).toBe(256 * 1_024);
    });

    testOn(platform, "comes back when its connection is lost, and asks what waits", async () => {
      const { server } = await start<string, string>(platform, {
        codec: lines(),
        handler: (line, context) => {
          if (line === "quit") context.close();
          return line;
        },
      });
      const client = await connectTo(server, { reconnect: { minDelayMs: 20, jitter: 0 } });
      for (let count = 1; count <= 3; count++) {
        expect(await client.request("quit")).toBe("quit");
        await eventually(() => client.connection?.id !== count);
        expect(await client.request("a")).toBe("a");
      }
      expect(client.stats().connections).toBe(4);
      await eventually(() => server.stats().connections === 1);
    });

    testOn(platform, "drains: waits for what it asked, and nothing is left on either side", async () => {
      const release = gate();
      const { server, closed, heard } = await start(platform, {
        codec: lines(),
        handler: (line) => release.promise.then(() => line),
      });
      const client = await connectTo(server);
      const replies = ["a", "b"].map((line) => client.request(line));
      await heard(4);
      const drained = client.close();
      await expect(client.request("c")).rejects.toMatchObject({ code: "client-closed" });
      release.open();
      expect(await Promise.all(replies)).toEqual(["a", "b"]);
      expect(await drained).toEqual({ drained: 2, aborted: 0 });
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "logs in on every connection before anything that waits is sent", async () => {
      const heard: string[] = [];
      const { server } = await start<string, string>(platform, {
        codec: lines(),
        handler: (line) => {
          heard.push(line);
          return line.toUpperCase();
        },
      });
      const client = await connectTo(server, {
        reconnect: { minDelayMs: 5, jitter: 0 },
        onConnect: async (session) => {
          if ((await session.request("login")) !== "LOGIN") throw new Error("not logged in");
        },
      });
      for (let count = 1; count <= 3; count++) {
        expect(await client.request("a")).toBe("A");
        client.reconnect();
        expect(await client.request("b")).toBe("B");
      }
      expect(heard).toEqual(["login", "a", "login", "b", "a", "login", "b", "a", "login", "b"]);
    });

    testOn(platform, "that asks when its connection is opened gets that reply, and no other request does", async () => {
      const { server } = await start(platform, { codec: lines(), handler: (line) => line.toUpperCase() });
      const logins: Promise<string>[] = [];
      const client = await connectTo(server, {
        reconnect: { minDelayMs: 5, jitter: 0 },
        observer: ({ type }, itself) => {
          if (type === "connection-opened") logins.push(itself.request("login"));
        },
      });
      const replies = ["a", "b", "c"].map((line) => client.request(line));
      expect(await Promise.all([...logins, ...replies])).toEqual(["LOGIN", "A", "B", "C"]);
      client.reconnect();
      expect(await client.request("d")).toBe("D");
      expect(await Promise.all(logins)).toEqual(["LOGIN", "LOGIN"]);
    });

    testOn(platform, "whose onConnect throws is not made, and says why", async () => {
      const { server, closed } = await start(platform, { codec: lines(), handler: () => "no such user" });
      const failed = connectTo(server, {
        reconnect: true,
        onConnect: async (session) => {
          throw new Error(await session.request("login"));
        },
      });
      await expect(failed).rejects.toMatchObject({ code: "handler-failed", cause: { message: "no such user" } });
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "whose onConnect throws waits for nothing that the peer still sends", async () => {
      const listener = await listenOnTcp(platform.transport);
      listeners.push(listener);
      const failed = connectTo(listener, {
        lingerTimeoutMs: Infinity,
        maxLingerMs: Infinity,
        onConnect: async (session) => {
          throw new Error(await session.request("login"));
        },
      });
      failed.catch(() => undefined);
      const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
      open.push(value);
      await value.writable.getWriter().write(new TextEncoder().encode("no such user\n"));
      await expect(failed).rejects.toMatchObject({ code: "handler-failed", cause: { message: "no such user" } });
    });

    testOn(platform, "leaves a connection that a firewall froze, and asks what waits on the next", async () => {
      const { server } = await start(platform, { codec: lines(), handler: (line) => line.toUpperCase() });
      const firewall = await frozenAfter(server, 1);
      const client = await connectTo(firewall, { reconnect: { minDelayMs: 5, jitter: 0 } });
      expect(await client.request("a")).toBe("A");
      firewall.freeze();
      const outcomes: string[] = [];
      while (outcomes.at(-1) !== "B" && outcomes.length < 20) {
        const reply = client.request("b", { timeoutMs: outcomes.length < 3 ? 50 : 5_000 });
        outcomes.push(await reply.catch(({ code }: { code: string }) => code));
      }
      expect(outcomes).toEqual([...Array(3).fill("request-timeout"), "B"]);
      expect(client.connection?.id).toBe(2);
    });

    testOn(platform, "with a heartbeat leaves a connection that a firewall froze, though nobody asks", async () => {
      const { server } = await start(platform, {
        codec: lines(),
        handler: (line) => (line === "PING" ? "PONG" : line.toUpperCase()),
      });
      const firewall = await frozenAfter(server, 1);
      const client = await connectTo(firewall, {
        reconnect: { minDelayMs: 5, jitter: 0 },
        heartbeat: { everyMs: 20, timeoutMs: 500, frame: "PING", expect: (frame) => frame === "PONG" },
      });
      await eventually(() => server.stats().framesIn >= 2);
      expect(client.connection?.id).toBe(1);
      firewall.freeze();
      await eventually(() => client.connection?.id === 2);
      expect(await client.request("a")).toBe("A");
    });

    testOn(platform, "goes on with the next of several hosts when one is gone", async () => {
      const { server } = await start(platform, { codec: lines(), handler: (line) => line.toUpperCase() });
      const gone = await listenOnTcp(platform.transport);
      gone.close();
      const { codec, observer } = { codec: lines(), observer: () => {} };
      const client = await connect(platform.transport, { hosts: [gone.address, server.address], codec, observer });
      open.push(client);
      expect(await client.request("a")).toBe("A");
      expect(client.connection?.remoteAddress.port).toBe(server.address.port);
    });

    testOn(platform, "connects from the address that it is told to, or says that the runtime cannot", async () => {
      const { server } = await start(platform, { codec: lines(), handler: (line) => line });
      const connecting = connectTo(server, { localAddress: "127.0.0.9" });
      if (/^(deno|bun) /.test(platform.transport.name)) {
        await expect(connecting).rejects.toMatchObject({ code: "runtime-unsupported" });
      } else {
        expect((await connecting).connection?.localAddress.hostname).toBe("127.0.0.9");
        expect(await (await connecting).request("a")).toBe("a");
      }
    });

    testOn(platform, "says where it could not connect to, and why", async () => {
      const listener = await listenOnTcp(platform.transport);
      const { port } = listener.address;
      listener.close();
      for (const hostname of ["127.0.0.1", "localhost"]) {
        const error = (await connectTo({ address: { hostname, port } }).catch((failed: unknown) => failed)) as Error;
        expect(error).toMatchObject({ code: "connection-refused" });
        expect(error.message).toMatch(new RegExp(`(${hostname}|127.0.0.1):${port}`));
      }
    });

    testOn(platform, "is not made where nothing listens", async () => {
      const listener = await listenOnTcp(platform.transport);
      const { address } = listener;
      listener.close();
      await expect(connectTo({ address }, { reconnect: true })).rejects.toMatchObject({ code: "connection-refused" });
    });
  });
}

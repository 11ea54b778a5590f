// The step in front of a session.
import { createConnection } from "node:net";
import { describe, expect, it } from "vitest";
import { type Address, type EstablishStep, lines, type ServerEvent, serve } from "../../src/core/mod.ts";
import { connect as connectOnSockets, serve as serveOnSockets, lines as socketLines } from "../../src/mod.ts";
import {
  type ProxyProtocolOptions,
  proxyHeader,
  proxyProtocol,
  sendProxyHeader,
} from "../../src/proxy_protocol/mod.ts";
import { manualClock, memoryTransport } from "../../src/testing/mod.ts";
import { ascii, joined } from "./support/header_bytes.ts";
import { finish, receive, send } from "./support/near_and_far.ts";

const source = { hostname: "192.0.2.1", port: 56_324 };
const destination = { hostname: "198.51.100.7", port: 443 };
const header = proxyHeader({ source, destination, authority: "a.example" });
const text = (received: Uint8Array) => new TextDecoder().decode(received);

/** A server in memory, and a connection to it. */
async function served(options: Partial<ProxyProtocolOptions> = {}, more: readonly EstablishStep[] = []) {
  const transport = memoryTransport();
  const clock = manualClock();
  const events: ServerEvent[] = [];
  const server = await serve(transport, {
    port: 0,
    codec: lines(),
    clock,
    establish: [proxyProtocol({ from: "127.0.0.1", clock, ...options }), ...more],
    handler: (line, { session }) => `${line} from ${session.connection.remoteAddress.hostname}`,
    observer: (event) => events.push(event),
  });
  const near = await transport.connect(server.address);
  const ofType = <Type extends ServerEvent["type"]>(type: Type) =>
    events.filter((event): event is Extract<ServerEvent, { type: Type }> => event.type === type);
  return { server, near, clock, events, ofType };
}

describe("a server behind a proxy", () => {
  it("serves the first line, which came in one segment with the header, as the original peer's", async () => {
    const { server, near, ofType } = await served();
    await send(near, joined(header, ascii("hello\n")));
    expect(text(await receive(near, 21))).toBe("hello from 192.0.2.1\n");
    const [opened] = ofType("connection-opened");
    expect(opened?.connection).toMatchObject({ id: 1, remoteAddress: source, localAddress: destination });
    expect(opened?.connection.proxy).toMatchObject({ version: 2, authority: "a.example", from: near.localAddress });
    await finish(near);
    await server.shutdown();
  });

  it("takes the bytes of others for what they are", async () => {
    const { server, near } = await served({ from: "10.0.0.0/8" });
    await send(near, ascii("PROXY UNKNOWN\r\n"));
    expect(text(await receive(near, 29))).toBe("PROXY UNKNOWN from 127.0.0.1\n");
    await finish(near);
    await server.shutdown();
  });

  it("gives the next step the address of the original peer, and the bytes behind the header", async () => {
    const seen: Address[] = [];
    const next: EstablishStep = (connection) => {
      seen.push(connection.remoteAddress);
      return connection;
    };
    const { server, near } = await served({}, [next, proxyProtocol({ from: source.hostname })]);
    const inner = proxyHeader({ version: 1, source: { hostname: "203.0.113.9", port: 9 }, destination });
    await send(near, joined(header, inner, ascii("hello\n")));
    expect(text(await receive(near, 23))).toBe("hello from 203.0.113.9\n");
    expect(seen).toEqual([source]);
    await finish(near);
    await server.shutdown();
  });

  it("refuses a connection without a header: one event, and no session", async () => {
    const { server, near, clock, events, ofType } = await served();
    await send(near, ascii("hello\n"));
    await clock.advance(0);
    expect(await near.closed).toMatchObject({ code: "connection-reset" });
    const [failed] = ofType("establish-failed");
    expect(failed?.error).toMatchObject({ code: "proxy-invalid" });
    expect(failed?.connection.remoteAddress).toEqual(near.localAddress);
    expect(events.map(({ type }) => type)).toEqual(["listening", "establish-failed"]);
    expect(server.stats()).toMatchObject({ accepted: 0, establishFailed: 1 });
    await server.shutdown();
  });

  it("refuses one whose header does not come, before the stage would", async () => {
    const { server, clock, ofType } = await served({ headerTimeoutMs: 2_000 });
    await clock.advance(1_999);
    expect(server.stats().establishing).toBe(1);
    await clock.advance(1);
    expect(ofType("establish-failed")).toMatchObject([{ error: { code: "proxy-timeout" }, durationMs: 2_000 }]);
    await server.shutdown();
    expect(clock.pending).toBe(0);
  });

  it("does not wait for headers when it shuts down", async () => {
    const { server, near, clock } = await served();
    await send(near, ascii("PROXY "));
    await clock.advance(0);
    expect(server.stats().establishing).toBe(1);
    await server.shutdown();
    expect(await near.closed).toBeDefined();
    expect(clock.pending).toBe(0);
  });
});

describe("a server behind a proxy, on sockets", () => {
  it("knows the original peer in both versions, also when every byte comes alone", async () => {
    await using server = await serveOnSockets({
      hostname: "127.0.0.1",
      port: 0,
      codec: socketLines(),
      establish: [proxyProtocol({ from: "127.0.0.0/8" })],
      handler: (line, { session }) => `${line} from ${session.connection.remoteAddress.hostname}`,
    });
    for (const version of [1, 2] as const) {
      const sent = joined(proxyHeader({ version, source, destination }), ascii("hello\n"));
      for (const pieces of [[sent], Array.from(sent, (byte) => Uint8Array.of(byte))]) {
        expect(await replyTo(pieces, server.address.port)).toBe("hello from 192.0.2.1\n");
      }
    }
  });

  it("is told by a client of whom it is the proxy, also after the connection was lost", async () => {
    await using server = await serveOnSockets({
      hostname: "127.0.0.1",
      port: 0,
      codec: socketLines(),
      establish: [proxyProtocol({ from: "127.0.0.1" })],
      handler: (line, { session }) => {
        if (line === "go") session.abort();
        return `${line} from ${session.connection.remoteAddress.hostname}`;
      },
    });
    let connections = 0;
    const announce = sendProxyHeader(() => {
      connections += 1;
      return { source: { hostname: `192.0.2.${connections}`, port: 1 } };
    });
    await using client = await connectOnSockets({
      ...server.address,
      codec: socketLines(),
      establish: [announce],
      reconnect: { minDelayMs: 1 },
    });
    expect(await client.request("hello")).toBe("hello from 192.0.2.1");
    // Deno cannot reset a connection: there the end is an orderly one.
    await expect(client.request("go")).rejects.toThrow("the connection ");
    expect(await client.request("hello")).toBe("hello from 192.0.2.2");
  });

  it("resets a connection without a header", async () => {
    await using server = await serveOnSockets({
      hostname: "127.0.0.1",
      port: 0,
      codec: socketLines(),
      establish: [proxyProtocol({ from: "127.0.0.1" })],
      handler: (line) => line,
      observer: () => {},
    });
    expect(await replyTo([ascii("hello\n")], server.address.port)).toBe("");
    expect(server.stats()).toMatchObject({ accepted: 0, establishFailed: 1 });
  });
});

/** Sends pieces, each in a segment of its own, and FIN. Returns what comes back, until FIN or a reset. */
async function replyTo(pieces: readonly Uint8Array[], port: number): Promise<string> {
  const socket = createConnection({ host: "127.0.0.1", port, noDelay: true });
  let reply = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    reply += chunk;
  });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  socket.end();
  await closed;
  return reply;
}

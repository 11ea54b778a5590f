import { describe, expect, it } from "vitest";
import type { Connection, EstablishContext } from "../../src/core/mod.ts";
import { type ProxyHeaderOptions, parseProxyHeader, sendProxyHeader } from "../../src/proxy_protocol/mod.ts";
import { ascii, joined, v2 } from "./support/header_bytes.ts";
import { finish, nearAndFar, receive, send, unixEnds } from "./support/near_and_far.ts";

const context: EstablishContext = { id: 1, signal: new AbortController().signal };

/** Returns the bytes that the other end gets, when the client has sent its header and a hello. */
async function sentBy(
  header?: ProxyHeaderOptions | ((connection: Connection) => ProxyHeaderOptions),
  ends?: { near: Connection; far: Connection },
) {
  const { near, far } = ends ?? (await nearAndFar());
  const sending = Promise.resolve(sendProxyHeader(header)(near, context)).then(async (connection) => {
    expect(connection).toBe(near);
    await send(connection, ascii("hello"));
    await finish(connection);
  });
  const bytes = await receive(far, Infinity);
  await sending;
  return { near, bytes: Uint8Array.from(bytes) };
}

const source = { hostname: "192.0.2.1", port: 56_324 };
const destination = { hostname: "198.51.100.7", port: 443 };

describe("sendProxyHeader", () => {
  it("announces the connection itself by default", async () => {
    const { near, bytes } = await sentBy();
    const { header, length = 0 } = parseProxyHeader(bytes) ?? {};
    expect(header).toMatchObject({
      version: 2,
      transport: "tcp",
      source: near.localAddress,
      destination: near.remoteAddress,
    });
    expect(bytes.subarray(length)).toEqual(ascii("hello"));
  });

  it("announces what it is told, in one of the versions", async () => {
    const line = ascii("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello");
    expect((await sentBy({ version: 1, source, destination })).bytes).toEqual(line);
    expect((await sentBy({ command: "local" })).bytes).toEqual(joined(v2(0x20, 0), ascii("hello")));
    expect((await sentBy({ transport: "unspecified" })).bytes).toEqual(joined(v2(0x21, 0), ascii("hello")));
  });

  it("announces another source, and itself as the destination", async () => {
    const { near, bytes } = await sentBy({ source, authority: "a.example" });
    expect(parseProxyHeader(bytes)?.header).toMatchObject({
      source,
      destination: near.remoteAddress,
      authority: "a.example",
    });
  });

  it("asks a function for each connection", async () => {
    const step = ({ localAddress }: Connection): ProxyHeaderOptions => ({
      version: 1,
      source: { hostname: "2001:db8::1", port: localAddress.port ?? 0 },
      destination,
    });
    const { near, bytes } = await sentBy(step);
    expect(parseProxyHeader(bytes)?.header.source?.port).toBe(near.localAddress.port);
  });

  it("announces a connection through a Unix domain socket", async () => {
    const { bytes } = await sentBy({ transport: "unix" }, unixEnds());
    const addresses = { source: { path: "" }, destination: { path: "/run/server.sock" } };
    expect(parseProxyHeader(bytes)?.header).toMatchObject({ transport: "unix", ...addresses });
    expect((await sentBy({ version: 1 }, unixEnds())).bytes).toEqual(ascii("PROXY UNKNOWN\r\nhello"));
  });

  it("rejects what a function returned, if that is no header", async () => {
    const { near } = await nearAndFar();
    await expect(sendProxyHeader(() => ({ source: { path: "/a" } }))(near, context)).rejects.toThrow(TypeError);
  });

  it("rejects when the connection is broken", async () => {
    const { near } = await nearAndFar();
    near.abort();
    await expect(sendProxyHeader()(near, context)).rejects.toMatchObject({ code: "aborted" });
  });

  it.each([
    [{ sauce: source }, TypeError, "did you mean source?"],
    [{ version: 3 }, RangeError, "version must be 1 or 2"],
    [{ version: 1, alpn: "h2" }, TypeError, "version 1 has no place for alpn"],
    [{ source: { hostname: "localhost", port: 1 } }, TypeError, "source.hostname must be a numeric address"],
    [{ command: "local", source }, TypeError, `the command "local" has no source`],
    [null, TypeError, "options must be an object, not null"],
  ])("refuses %j at once", (options, kind, message) => {
    const make = () => sendProxyHeader(options as ProxyHeaderOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  it("takes a Unix source without knowing the destination yet", () => {
    expect(() => sendProxyHeader({ source: { path: "/run/client.sock" } })).not.toThrow();
  });
});

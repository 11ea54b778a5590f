// Listening on a socket that another process has bound. The listener is a process of its own, as it would be.
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer, type ListenOptions as NetListenOptions, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { transport as deno } from "../../src/adapters/deno/mod.ts";
import { type Address, transport as native } from "../../src/mod.ts";
import { descriptorOf } from "./support/descriptor_of.ts";
import { ListenerProcess, type Printed } from "./support/listener_process.ts";
import { dialNet } from "./support/net_client.ts";
import { eventually } from "./support/platform.ts";

const backlog = 16;
const linux = process.platform === "linux";

const ends: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Binds a socket here. */
async function bind(options: NetListenOptions): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(options, resolve));
  ends.push(() => void server.close());
  return server;
}

/** Hands the socket that listens at the address to a process, and keeps nothing of it. */
async function handOver(server: Server, address: Address, options: object = {}): Promise<[ListenerProcess, Printed]> {
  const child = new ListenerProcess({ fd: 3, backlog, ...options }, { fd3: descriptorOf(address) });
  ends.push(() => child.kill());
  server.close();
  return [child, await child.printed];
}

async function echo(address: Address, text: string): Promise<void> {
  const client = await dialNet(address);
  client.send(text);
  expect(await client.until(text)).toBe(text);
  client.finish();
  await client.ended;
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "unix-"));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

// Where a test finds its descriptors only on Linux.
describe.skipIf(!linux)("a listener on an inherited descriptor", { timeout: 60_000 }, () => {
  it.each(["127.0.0.1", "::1", "::"])("takes the TCP socket of its parent at %s, and its address", async (host) => {
    const server = await bind({ host, port: 0 });
    const { port } = server.address() as { port: number };
    const [child, printed] = await handOver(server, { hostname: host, port });
    expect(printed).toEqual({ hostname: host, port });
    const hostname = host === "::" ? "127.0.0.1" : host;
    await echo({ hostname, port }, "first");
    await echo({ hostname, port }, "second");
    await child.close();
    await expect(dialNet({ hostname, port })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("takes a Unix socket, whose file is its parent's to remove", async () => {
    const directory = temporaryDirectory();
    const [bound, at] = [path.join(directory, "bound.sock"), path.join(directory, "echo.sock")];
    const server = await bind({ path: bound });
    linkSync(bound, at);
    const [child, printed] = await handOver(server, { path: bound });
    expect(printed).toEqual({ path: bound });
    await echo({ path: at }, "first");
    await echo({ path: at }, "second");
    await child.close();
    expect(existsSync(at)).toBe(true);
    await expect(dialNet({ path: at })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("refuses options of TCP for a Unix socket", async () => {
    const at = path.join(temporaryDirectory(), "echo.sock");
    const [, printed] = await handOver(await bind({ path: at }), { path: at }, { noDelay: false });
    expect(printed).toEqual({
      code: "listen-failed",
      message: "descriptor 3 is a Unix socket, which has no noDelay",
    });
  });

  it("is not made of a descriptor that is no socket, or none at all", async () => {
    const file = openSync(path.join(temporaryDirectory(), "file"), "w");
    const child = new ListenerProcess({ fd: 3, backlog }, { fd3: file });
    ends.push(() => child.kill());
    const message = expect.stringContaining("descriptor 3 is no bound stream socket");
    expect(await child.printed).toEqual({ code: "listen-failed", message });
    await expect(native.listen({ fd: 9_999, backlog })).rejects.toMatchObject({ code: "listen-failed" });
  });

  const activate = spawnSync("systemd-socket-activate", ["--version"]).status === 0;
  // Only where systemd is installed.
  it.skipIf(!activate)("takes what systemd hands over when the first connection comes", async () => {
    const server = await bind({ host: "127.0.0.1", port: 0 });
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const address = { hostname: "127.0.0.1", port };
    const activated = ["systemd-socket-activate", `--listen=127.0.0.1:${port}`];
    const child = new ListenerProcess({ fd: 3, backlog }, { before: activated });
    ends.push(() => child.kill());
    let client: Awaited<ReturnType<typeof dialNet>> | undefined;
    // systemd-socket-activate does not say on its output when it listens.
    await eventually(() => {
      void dialNet(address).then(
        (made) => {
          client ??= made;
          if (client !== made) made.reset();
        },
        () => undefined,
      );
      return client !== undefined;
    });
    client?.send("hello");
    expect(await child.printed).toEqual(address);
    expect(await client?.until("hello")).toBe("hello");
    client?.finish();
    await child.close();
  });
});

describe("a descriptor", () => {
  it("is refused by Deno's own listener, with a word on what to do", async () => {
    const listening = deno.listen({ fd: 3, backlog });
    await expect(listening).rejects.toMatchObject({ code: "runtime-unsupported" });
    await expect(listening).rejects.toThrow("spillway/node");
  });

  it("that does not exist is a RangeError", async () => {
    for (const fd of [-1, 0.5, Number.NaN]) await expect(native.listen({ fd, backlog })).rejects.toThrow(RangeError);
  });
});

// Sockets that a process holds for others: bound as `listen` binds, and nothing is accepted.
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { transport as denoTransport } from "../../src/adapters/deno/mod.ts";
import type { HeldSocket, ListenOptions } from "../../src/core/mod.ts";
import { transport } from "../../src/mod.ts";
import { runtime } from "../support/child.ts";

const LOCAL = { hostname: "127.0.0.1", backlog: 5 };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "held-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function hold(options: ListenOptions): Promise<HeldSocket> {
  if (transport.hold === undefined) throw new TypeError("this transport cannot hold");
  return transport.hold(options);
}

/** Returns the options with which another process would listen on the socket. */
function inherited({ address, fd, handle }: HeldSocket): ListenOptions {
  return { fd: fd ?? { handle: handle as object, address }, backlog: 5 };
}

/** Fulfils with what happens first: a connection that was made, or an error. */
function attempt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
}

// Windows hands sockets over in another way.
describe.skipIf(process.platform === "win32")("hold", () => {
  it("binds a free port, on which another listener then accepts", async () => {
    const held = await hold({ ...LOCAL, port: 0 });
    const { hostname, port } = held.address;
    expect(hostname).toBe("127.0.0.1");
    expect(port).toBeGreaterThan(0);
    const listener = await transport.listen(inherited(held));
    expect(listener.address).toEqual(held.address);
    const accepted = listener[Symbol.asyncIterator]().next();
    const client = await transport.connect({ hostname: "127.0.0.1", port: port as number });
    const { value } = (await accepted) as IteratorYieldResult<{ abort(): void }>;
    value.abort();
    client.abort();
    listener.close();
  });

  it("holds a port for itself: nobody else may bind it", async () => {
    const held = await hold({ ...LOCAL, port: 0 });
    const { port } = held.address as { port: number };
    // On Bun it listens, and nobody accepts; elsewhere nobody listens yet.
    expect(await attempt(port)).toBe(runtime === "bun" ? "connected" : "ECONNREFUSED");
    held.close();
  });

  it.each<[string, () => Promise<ListenOptions>, string]>([
    ["a port that is in use", taken, "address-in-use"],
    [
      "an address of another machine",
      async () => ({ hostname: "192.0.2.1", port: 0, backlog: 5 }),
      "address-not-available",
    ],
    [
      "a name that does not exist",
      async () => ({ hostname: "nowhere.invalid", port: 0, backlog: 5 }),
      "host-not-found",
    ],
    ["a directory that does not exist", async () => ({ path: path.join(folder, "no/s"), backlog: 5 }), "listen-failed"],
    ["a descriptor that is no socket", async () => ({ fd: 9_999, backlog: 5 }), "listen-failed"],
  ])("refuses %s, as listen does", async (_, options, code) => {
    await expect(hold(await options())).rejects.toMatchObject({ name: "SpillwayError", code });
  });

  async function taken(): Promise<ListenOptions> {
    const listener = await transport.listen({ ...LOCAL, port: 0 });
    return { ...LOCAL, port: listener.address.port as number };
  }

  it.each<[string, object]>([
    ["an unknown option", { ...LOCAL, prot: 1 }],
    ["options of different kinds", { ...LOCAL, port: 0, path: "/x" }],
    ["a descriptor that is none", { fd: null, backlog: 5 }],
  ])("refuses at the call %s", async (_, options) => {
    await expect(hold(options as ListenOptions)).rejects.toBeInstanceOf(TypeError);
  });

  it("puts a socket at a path, with its permissions, and removes it", async () => {
    const place = path.join(folder, "s");
    const held = await hold({ path: place, mode: 0o640, backlog: 5 });
    expect(held.address).toEqual({ path: place });
    expect(statSync(place).mode & 0o777).toBe(0o640);
    expect(held.isInPlace()).toBe(true);
    held.close();
    expect(existsSync(place)).toBe(false);
  });

  it("knows that its path was given to another, whose socket it leaves", async () => {
    const place = path.join(folder, "given");
    const held = await hold({ path: place, backlog: 5 });
    rmSync(place);
    const other = await hold({ path: place, backlog: 5 });
    expect([held.isInPlace(), other.isInPlace()]).toEqual([false, true]);
    held.close();
    expect(existsSync(place)).toBe(true);
    other.close();
  });

  it("leaves its path to the process that has got the socket", async () => {
    const place = path.join(folder, "released");
    const held = await hold({ path: place, backlog: 5 });
    held.release();
    expect(existsSync(place)).toBe(true);
    rmSync(place);
  });

  it("is refused by Deno's own transport, whose sockets stay in their process", async () => {
    const refused = denoTransport.hold?.({ ...LOCAL, port: 0 });
    await expect(refused).rejects.toMatchObject({ code: "runtime-unsupported" });
  });
});

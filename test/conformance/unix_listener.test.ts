// The file of a Unix socket, on the system itself.
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Address, type Connection, type Listener, transport as native, SpillwayError } from "../../src/mod.ts";
import { ListenerProcess } from "./support/listener_process.ts";
import { dialNet } from "./support/net_client.ts";
import { eventually } from "./support/platform.ts";

const backlog = 16;
const linux = process.platform === "linux";
const [runtime = "", version = ""] = native.name.split(" ");

let directory = "";
let at = "";
const ends: (() => void | Promise<void>)[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "unix-"));
  at = path.join(directory, "echo.sock");
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(directory, { recursive: true, force: true });
});

async function listen(options: { path?: string; mode?: number } = {}): Promise<Listener> {
  const listener = await native.listen({ path: at, backlog, ...options });
  ends.push(() => listener.close());
  return listener;
}

async function accept(listener: Listener): Promise<Connection> {
  const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  ends.push(() => value.abort());
  return value;
}

async function pair(): Promise<{ near: Connection; far: Connection; listener: Listener }> {
  const listener = await listen();
  const near = await native.connect({ path: at });
  ends.push(() => near.abort());
  return { near, far: await accept(listener), listener };
}

/** Leaves a socket at the path that nobody listens on, as a server does that is killed. */
async function leaveDead(): Promise<void> {
  const server = createServer();
  const elsewhere = path.join(directory, "bound.sock");
  await new Promise<void>((resolve) => server.listen(elsewhere, resolve));
  linkSync(elsewhere, at);
  await new Promise((resolve) => server.close(resolve));
}

function started(...args: ConstructorParameters<typeof ListenerProcess>): ListenerProcess {
  const child = new ListenerProcess(...args);
  ends.push(() => child.kill());
  return child;
}

/** Connects until a connection is refused. */
async function fill(address: Address): Promise<void> {
  for (let count = 0; count < 10_000; count++) {
    const client = await dialNet(address);
    ends.push(() => client.reset());
  }
}

const modeOf = (file: string) => lstatSync(file).mode & 0o777;

// Windows has no such paths.
describe.skipIf(process.platform === "win32")("a listener at a path", () => {
  it("has the path as its address, and connections know it; clients have no name", async () => {
    const { near, far, listener } = await pair();
    expect(listener.address).toEqual({ path: at });
    expect([far.localAddress, far.remoteAddress]).toEqual([{ path: at }, { path: "" }]);
    expect([near.localAddress, near.remoteAddress]).toEqual([{ path: "" }, { path: at }]);
  });

  it("carries bytes both ways, also after the end of one direction", async () => {
    const { near, far } = await pair();
    await near.writable.getWriter().write(new TextEncoder().encode("question"));
    await far.writable.getWriter().write(new TextEncoder().encode("greeting"));
    const [nearReader, farReader] = [near.readable.getReader(), far.readable.getReader()];
    expect(new TextDecoder().decode((await farReader.read()).value)).toBe("question");
    expect(new TextDecoder().decode((await nearReader.read()).value)).toBe("greeting");
    void near.close();
    expect((await farReader.read()).done).toBe(true);
    void far.close();
    expect([await near.closed, await far.closed]).toEqual([undefined, undefined]);
  });

  it("breaks the output of a connection whose peer is gone", async () => {
    const { near, far } = await pair();
    const writer = far.writable.getWriter();
    near.abort();
    const writeOn = async () => {
      for (;;) await writer.write(new Uint8Array(65_536));
    };
    await expect(writeOn()).rejects.toMatchObject({ code: "connection-reset" });
    expect(await far.closed).toMatchObject({ code: "connection-reset" });
  });

  it("is for this user alone, whatever the umask, unless it is told otherwise", async () => {
    const before = process.umask(0);
    ends.push(() => void process.umask(before));
    await listen();
    expect(modeOf(at)).toBe(0o600);
    for (const [umask, mode] of [
      [0, 0o660],
      [0o777, 0o666],
      [0o022, 0o777],
      [0, 0],
    ] as const) {
      process.umask(umask);
      const other = path.join(directory, `${umask}-${mode}.sock`);
      await listen({ path: other, mode });
      expect(modeOf(other)).toBe(mode);
    }
    // A socket that a runtime makes by itself follows the umask, which is why the listener does not leave that to the runtime.
    process.umask(0o022);
    const server = createServer();
    const plain = path.join(directory, "plain.sock");
    await new Promise<void>((resolve) => server.listen(plain, resolve));
    expect(modeOf(plain)).toBe(0o755);
    await new Promise((resolve) => server.close(resolve));
  });

  it("leaves nothing beside its socket, and nothing at all when it is closed", async () => {
    const listener = await listen();
    expect(readdirSync(directory)).toEqual(["echo.sock"]);
    expect(lstatSync(at).isSocket()).toBe(true);
    listener.close();
    listener.close();
    await eventually(() => readdirSync(directory).length === 0);
  });

  it("that stops to accept removes its socket at once, and serves on", async () => {
    const { near, far, listener } = await pair();
    if (listener.finish === undefined) listener.close();
    else listener.finish();
    expect(existsSync(at)).toBe(false);
    await expect(native.connect({ path: at })).rejects.toMatchObject({ code: "connection-refused" });
    await near.writable.getWriter().write(new Uint8Array(3));
    expect((await far.readable.getReader().read()).value).toHaveLength(3);
  });

  it("replaces a dead socket", async () => {
    await leaveDead();
    await expect(native.connect({ path: at })).rejects.toMatchObject({ code: "connection-refused" });
    const listener = await listen();
    expect(readdirSync(directory)).toEqual(["echo.sock"]);
    const client = await dialNet(listener.address);
    ends.push(() => client.reset());
    expect((await accept(listener)).localAddress).toEqual({ path: at });
  });

  it("leaves a live one alone, which goes on serving", async () => {
    const first = await listen();
    const second = native.listen({ path: at, backlog });
    await expect(second).rejects.toMatchObject({ name: "SpillwayError", code: "address-in-use" });
    await expect(second).rejects.toThrow(`unix:${at} is that of another server, which is listening`);
    // It has come to ask.
    await accept(first);
    await native.connect({ path: at }).then((connection) => ends.push(() => connection.abort()));
    await accept(first);
    expect(readdirSync(directory)).toEqual(["echo.sock"]);
  });

  it.each(["a file", "a directory", "a link to nothing", "a link to a dead socket"])(
    "leaves %s alone",
    async (what) => {
      if (what === "a file") writeFileSync(at, "precious");
      else if (what === "a directory") mkdirSync(at);
      else if (what === "a link to nothing") symlinkSync(path.join(directory, "nothing"), at);
      else {
        await leaveDead();
        renameSync(at, path.join(directory, "dead.sock"));
        symlinkSync(path.join(directory, "dead.sock"), at);
      }
      const before = lstatSync(at);
      const attempt = native.listen({ path: at, backlog });
      await expect(attempt).rejects.toMatchObject({ code: "address-in-use" });
      await expect(attempt).rejects.toThrow("a file of another kind, which is not replaced");
      expect(lstatSync(at)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
      if (what === "a file") expect(readFileSync(at, "utf8")).toBe("precious");
    },
  );

  it("removes no socket of another server that has taken its path", async () => {
    const first = await listen();
    renameSync(at, path.join(directory, "moved.sock"));
    const second = await listen();
    first.close();
    const near = await native.connect({ path: at });
    ends.push(() => near.abort());
    await accept(second);
    expect(readdirSync(directory).toSorted()).toEqual(["echo.sock", "moved.sock"]);
  });

  it("removes no file that has taken its path", async () => {
    const listener = await listen();
    rmSync(at);
    writeFileSync(at, "precious");
    listener.close();
    // Also not later, when the runtime has closed its own.
    for (let count = 0; count < 3; count++) await new Promise((resolve) => setImmediate(resolve));
    expect(readFileSync(at, "utf8")).toBe("precious");
  });

  it("is one of several that begin at once, in this process", async () => {
    await leaveDead();
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => listen()));
    const won = attempts.filter(({ status }) => status === "fulfilled");
    const codes = attempts.flatMap((attempt) => {
      return attempt.status === "rejected" ? [(attempt.reason as SpillwayError).code] : [];
    });
    expect(won).toHaveLength(1);
    expect(codes).toEqual(Array(7).fill("address-in-use"));
    const near = await native.connect({ path: at });
    near.abort();
    expect(readdirSync(directory)).toEqual(["echo.sock"]);
  });

  it("is one of several that begin at once, in processes of their own", { timeout: 60_000 }, async () => {
    await leaveDead();
    const children = Array.from({ length: 4 }, () => started({ path: at, backlog }));
    const printed = await Promise.all(children.map((child) => child.printed));
    expect(printed.filter((one) => "path" in one)).toEqual([{ path: at }]);
    expect(printed.filter((one) => "code" in one && one.code === "address-in-use")).toHaveLength(3);
    const client = await dialNet({ path: at });
    client.send("hello");
    await client.until("hello");
    client.finish();
    await Promise.all(children.map((child) => child.close()));
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves the socket of a stopped server alone, though its backlog is full, and replaces that of a killed one", {
    timeout: 60_000,
  }, async () => {
    const child = started({ path: at, backlog: 1 });
    expect(await child.printed).toEqual({ path: at });
    child.signal("SIGSTOP");
    // Linux refuses a connection that finds no room; Bun's backlog is 512.
    if (linux) await expect(fill({ path: at })).rejects.toThrow(/EAGAIN|ECONNREFUSED/);
    await expect(native.listen({ path: at, backlog })).rejects.toMatchObject({ code: "address-in-use" });
    expect(existsSync(at)).toBe(true);
    await child.kill();
    expect(existsSync(at)).toBe(true);
    await listen();
  });

  it("is not made where there is no directory, or where this user may make nothing", async () => {
    const nowhere = native.listen({ path: path.join(directory, "no", "echo.sock"), backlog });
    await expect(nowhere).rejects.toMatchObject({ code: "listen-failed" });
    await expect(nowhere).rejects.toThrow("its directory does not exist");
    // The superuser may everything.
    if (process.getuid?.() === 0) return;
    chmodSync(directory, 0o500);
    await expect(listen()).rejects.toMatchObject({ code: "permission-denied" });
    chmodSync(directory, 0o700);
  });

  it("may have a path as long as the system and the listener allow, and no longer", async () => {
    const most = linux ? 99 : 95;
    const longest = path.join(directory, "x".repeat(most - directory.length - 1));
    const listener = await listen({ path: longest });
    expect(readdirSync(directory)).toEqual([path.basename(longest)]);
    const near = await native.connect({ path: longest });
    near.abort();
    listener.close();
    await expect(listen({ path: `${longest}x` })).rejects.toThrow(RangeError);
    await expect(native.connect({ path: `${longest}${"x".repeat(9)}` })).rejects.toThrow(RangeError);
    expect(existsSync(longest)).toBe(false);
  });

  it("is refused with options that are none, before anything is done", async () => {
    for (const wrong of [{ path: "" }, { path: `${at}\0` }, { path: at, port: 1 }, { path: at, keepAliveMs: 1 }]) {
      await expect(native.listen({ backlog, ...wrong } as never)).rejects.toThrow(TypeError);
      await expect(native.connect(wrong as never)).rejects.toThrow(TypeError);
    }
    await expect(listen({ mode: 0o1000 })).rejects.toThrow(RangeError);
    expect(readdirSync(directory)).toEqual([]);
  });
});

// Windows has no such paths.
describe.skipIf(process.platform === "win32")("a connection to a path", () => {
  it.each(["nothing", "a dead socket", "a file"])("is refused where there is %s, and says where", async (what) => {
    if (what === "a dead socket") await leaveDead();
    if (what === "a file") writeFileSync(at, "");
    const attempt = native.connect({ path: at });
    await expect(attempt).rejects.toMatchObject({ name: "SpillwayError", code: "connection-refused" });
    await expect(attempt).rejects.toThrow(`cannot connect to unix:${at}: `);
  });

  it("is given up when the signal says so", async () => {
    await listen();
    for (const reason of [new Error("no"), null]) {
      const signal = AbortSignal.abort(reason);
      await expect(native.connect({ path: at, signal })).rejects.toMatchObject({ code: "connect-aborted" });
      const controller = new AbortController();
      const attempt = native.connect({ path: at, signal: controller.signal });
      controller.abort(reason);
      await expect(attempt).rejects.toMatchObject({ code: "connect-aborted" });
    }
  });
});

/** Node fills the name up with NUL before 21, as other programs do not. */
const usable = linux && !(runtime === "node" && Number.parseInt(version, 10) < 21);

describe("an abstract socket", () => {
  it("has the very name that it is given, and goes with its listener; or is refused", async () => {
    const name = `\0spillway-test-${process.pid}`;
    if (!usable) {
      await expect(native.listen({ path: name, backlog })).rejects.toMatchObject({ code: "runtime-unsupported" });
      await expect(native.connect({ path: name })).rejects.toMatchObject({ code: "runtime-unsupported" });
      return;
    }
    const listener = await listen({ path: name });
    expect(listener.address).toEqual({ path: name });
    expect(
      readFileSync("/proc/net/unix", "utf8")
        .split("\n")
        .some((row) => row.endsWith(` @${name.slice(1)}`)),
    ).toBe(true);
    const client = await dialNet(listener.address);
    ends.push(() => client.reset());
    expect((await accept(listener)).localAddress).toEqual({ path: name });
    await expect(native.listen({ path: name, backlog })).rejects.toMatchObject({ code: "address-in-use" });
    listener.close();
    await expect(native.connect({ path: name })).rejects.toBeInstanceOf(SpillwayError);
  });
});

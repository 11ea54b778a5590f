// The column of this runtime in docs/runtimes.md says what it can do.

import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectNet } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import {
  type Connection,
  type ConnectOptions,
  type Listener,
  type ListenOptions,
  SpillwayError,
  type Transport,
  type TransportConnection,
} from "../../src/core/mod.ts";
import { transport } from "../../src/mod.ts";
import { read } from "../support/tree.ts";

type Answer = "yes" | "no" | "node:net";

const [runtime = "", version = ""] = transport.name.split(" ");
const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-support-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const PORT = { hostname: "127.0.0.1", port: 0, backlog: 16 } as const;

function socketFile(): string {
  files += 1;
  return path.join(folder, `${files}.sock`);
}

/** The transport of this runtime's own API. */
async function native(): Promise<Transport> {
  if (runtime === "deno") return (await import("../../src/adapters/deno/mod.ts")).transport;
  return runtime === "bun"
    ? (await import("../../src/adapters/bun/mod.ts")).transport
    : (await import("../../src/adapters/node/mod.ts")).transport;
}

/** Whether it is done, or fails for another reason than that this runtime cannot do it. */
async function can(attempt: () => Promise<{ close(): unknown }>): Promise<boolean> {
  try {
    await (await attempt()).close();
    return true;
  } catch (error) {
    if (error instanceof SpillwayError && error.code === "runtime-unsupported") return false;
    if (error instanceof SpillwayError) return true;
    throw error;
  }
}

async function listens(options: ListenOptions): Promise<Answer> {
  const own = await native();
  if (await can(() => own.listen(options))) return "yes";
  return (await can(() => transport.listen(options))) ? "node:net" : "no";
}

async function connects(options: ConnectOptions): Promise<Answer> {
  const own = await native();
  return (await can(() => own.connect(options))) ? "yes" : "no";
}

async function accepted(listener: Listener): Promise<Connection> {
  const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  return value;
}

/** Connects to a listener, and returns both ends. */
async function pair(
  options: ListenOptions = PORT,
  on: Transport = transport,
): Promise<{ listener: Listener; near: Connection; ended: Promise<string> }> {
  const listener = await on.listen(options);
  const far = connectNet({ host: "127.0.0.1", port: listener.address.port ?? 0 });
  const ended = new Promise<string>((resolve) => {
    far.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    far.on("end", () => resolve("FIN")).resume();
  });
  return { listener, near: await accepted(listener), ended };
}

async function resets(): Promise<Answer> {
  const { listener, near, ended } = await pair();
  near.abort();
  const end = await ended;
  listener.close();
  return end === "FIN" ? "no" : "yes";
}

/** Whether connections for TLS have sockets: those of the runtime's own listener, or of another one. */
async function detaches(): Promise<Answer> {
  const options = { ...PORT, detachable: true };
  if (await hasSocket(await pair(options, await native()))) return "yes";
  return (await hasSocket(await pair(options))) ? "node:net" : "no";
}

async function hasSocket({ listener, near, ended }: Awaited<ReturnType<typeof pair>>): Promise<boolean> {
  const detached = (near as TransportConnection).detach?.();
  (detached?.socket as { destroy(): void } | undefined)?.destroy();
  near.abort();
  await ended;
  listener.close();
  return detached !== undefined;
}

const PROBES: Readonly<Record<string, () => Promise<Answer>>> = {
  "`port`": () => listens(PORT),
  "`ipv6Only`": () => listens({ ...PORT, hostname: "::", ipv6Only: true }),
  "`reusePort`": () => listens({ ...PORT, reusePort: true }),
  "`noDelay: false`": () => listens({ ...PORT, noDelay: false }),
  "`keepAliveMs`": () => listens({ ...PORT, keepAliveMs: 60_000 }),
  "`path`": () => listens({ path: socketFile(), backlog: 16 }),
  "`path`, abstract": () => listens({ path: `\0spillway-support-${process.pid}`, backlog: 16 }),
  "`mode`": () => listens({ path: socketFile(), mode: 0o660, backlog: 16 }),
  "`fd`": () => listens({ fd: 9_999, backlog: 16 }),
  "`connect({ path })`": () => connects({ path: socketFile() }),
  "`connect({ localAddress })`": () => connects({ hostname: "127.0.0.1", port: 1, localAddress: "127.0.0.1" }),
  "`abort()` sends RST": resets,
  "TLS on the socket": detaches,
};

/** The cells of this runtime, by option. */
const cells = new Map(
  read("docs/runtimes.md")
    .split("\n")
    .filter((line) => /^\| .+ \|$/.test(line))
    .map((line) => {
      const [option = "", node = "", deno = "", bun = ""] = line.slice(2, -2).split(" | ");
      return [option, { node, deno, bun }[runtime] ?? ""] as const;
    }),
);

/** Returns what a cell means for this version. */
function meaning(cell: string): Answer {
  if (cell === "--unstable-net") return "no";
  if (!/^[\d.]+$/.test(cell)) return cell as Answer;
  const [major = 0, minor = 0] = cell.split(".").map(Number);
  const [present = 0, presentMinor = 0] = version.split(".").map(Number);
  return present > major || (present === major && presentMinor >= minor) ? "yes" : "no";
}

describe("docs/runtimes.md", () => {
  it("has a row for each probe, and no other", () => {
    expect([...cells.keys()].slice(1)).toEqual(Object.keys(PROBES));
  });

  it.each(Object.keys(PROBES))("says of %s what this runtime does", async (option) => {
    expect(await PROBES[option]?.()).toBe(meaning(cells.get(option) ?? "no such row"));
  });
});

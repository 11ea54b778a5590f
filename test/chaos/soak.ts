import { readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { type Random, seededRandom } from "spillway/testing";
import type { Drained, Hello, Sample } from "./reports.ts";
import { type Command, ServerProcess } from "./server_process.ts";

/** Connections at the same time. */
const CLIENTS = 64;
/** At least so many connections come before the first look: code is compiled by then, and heaps have their size. */
const LEAST_WARM_UP = 5_000;
const WARM_UP_SHARE = 0.1;
/** By how much memory may have grown: what a heap keeps for itself, not what connections leave behind. */
const RSS_TOLERANCE_BYTES = 33_554_432;
/** Descriptors that a runtime opens and closes for itself. A descriptor that connections leave behind shows a thousand times. */
const DESCRIPTOR_TOLERANCE = 4;
const SETTLE_MS = 15_000;
/** A connection that takes so long is stuck. */
const STUCK_MS = 30_000;
const MAX_BROKEN = 20;

/** How a soak goes. */
export interface SoakOptions {
  /** Starts test/chaos/storm_server on some runtime. */
  readonly server: Command;
  readonly seed: number;
  readonly connections: number;
  readonly onProgress?: (connections: number, broken: number) => void;
}

/** The result of a soak. */
export interface SoakReport {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly broken: readonly string[];
}

interface Look extends Sample {
  /** The descriptors that are open, where /proc tells: `3 socket:[1234]`. */
  readonly descriptors: readonly string[] | undefined;
}

/** Many short connections, of which nothing may stay: memory, descriptors, sessions. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const server = new ServerProcess(options.server);
  try {
    return await soakOn(server, options);
  } catch (error) {
    return { figures: {}, broken: [error instanceof Error ? error.message : String(error)] };
  } finally {
    await server.kill();
  }
}

async function soakOn(server: ServerProcess, { seed, connections, onProgress }: SoakOptions): Promise<SoakReport> {
  const broken: string[] = [];
  const breach = (what: string) => void (broken.length < MAX_BROKEN && broken.push(what));
  const { ports } = await server.said<Hello>();
  await server.ask("forget");
  const random = seededRandom(seed);
  const warmUp = Math.min(connections, Math.max(LEAST_WARM_UP, WARM_UP_SHARE * connections));
  await crowd(warmUp, ports.echo, random, breach);
  const before = await look(server);
  const startedAt = performance.now();
  await crowd(connections, ports.echo, random, breach, (done) => onProgress?.(done, broken.length));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await look(server);
  if (after.rss > before.rss + RSS_TOLERANCE_BYTES) breach(`memory: ${mib(before.rss)} MiB became ${mib(after.rss)}`);
  const grown = (after.descriptors?.length ?? 0) - (before.descriptors?.length ?? 0);
  if (grown > DESCRIPTOR_TOLERANCE) {
    const fresh = after.descriptors?.filter((one) => before.descriptors?.includes(one) === false);
    breach(
      `descriptors: ${before.descriptors?.length} became ${after.descriptors?.length}; new is ${fresh?.join(", ")}`,
    );
  }
  for (const field of ["connections", "handlers", "groups", "observerErrors"] as const) {
    if (after[field] !== 0) breach(`${field}: ${after[field]} are left`);
  }
  server.interrupt();
  const { aborted } = await server.said<Drained>();
  if (aborted > 0) breach(`a drain of nobody aborts ${aborted}`);
  if (server.stderr !== "") breach(`it complains: ${server.stderr.slice(0, 2_000)}`);
  return {
    figures: {
      connections: after.accepted - before.accepted,
      "per second": Math.round(connections / seconds),
      "MiB before": mib(before.rss),
      "MiB after": mib(after.rss),
      "descriptors before": before.descriptors?.length ?? "unknown",
      "descriptors after": after.descriptors?.length ?? "unknown",
      "sessions after": after.connections,
      broken: broken.length,
    },
    broken,
  };
}

/** Waits until the server is at rest, and returns its figures. */
async function look(server: ServerProcess): Promise<Look> {
  const endAt = performance.now() + SETTLE_MS;
  while ((await server.ask<Sample>("sample")).connections > 0 && performance.now() < endAt) await pause();
  let sample = await server.ask<Sample>("collect");
  // Pages go back to the system a little later than objects to the heap.
  for (let again = 0; again < 10; again++) {
    await pause();
    const next = await server.ask<Sample>("collect");
    if (next.rss < sample.rss) sample = next;
  }
  return { ...sample, descriptors: descriptorsOf(server.pid) };
}

function descriptorsOf(pid: number): string[] | undefined {
  if (process.platform !== "linux") return undefined;
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((name) => `${name} ${readlinkSync(`${folder}/${name}`)}`);
}

async function crowd(
  count: number,
  port: number,
  random: Random,
  breach: (what: string) => void,
  onProgress: (done: number) => void = () => {},
): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun < count) {
      begun += 1;
      const broken = await shortVisit(port, `visit ${begun}`, random.below(6));
      if (broken !== undefined) breach(broken);
      onProgress(begun);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
}

/** Asks once and leaves, in one of six ways. Resolves to a description of the failure, if there was one. */
function shortVisit(port: number, line: string, way: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = "";
    let broken: string | undefined;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).setEncoding("latin1");
    const answered = () => received.includes(`${line}\n`);
    socket.setTimeout(STUCK_MS, () => {
      broken = `nothing happens on a connection of kind ${way}`;
      socket.destroy();
    });
    socket.on("connect", () => {
      if (way === 0) return socket.resetAndDestroy();
      if (way === 1) return socket.end();
      socket.write(way === 2 ? line.slice(0, 3) : `${line}\n`);
      // Three, and the half of a request: FIN is behind it at once.
      if (way <= 3) socket.end();
    });
    socket.on("data", (text: string) => {
      received += text;
      if (way === 4 && answered()) socket.end();
      if (way === 5 && answered()) socket.resetAndDestroy();
    });
    socket.on("end", () => socket.end());
    socket.on("error", (error) => {
      broken = `a connection of kind ${way} fails: ${error.message}`;
    });
    socket.on("close", () => resolve(broken ?? (way >= 3 && !answered() ? `no reply, kind ${way}` : undefined)));
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

function mib(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

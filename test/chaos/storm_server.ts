// The server under a storm: a process of its own, on any runtime. Asked by JSON lines on stdin, answers by JSON lines on stdout;
// SIGINT drains it.
import process from "node:process";
import { createInterface } from "node:readline";
import { type Server, type ServerEvent, serve } from "spillway";
import type { Drained, Ended, Hello, Sample } from "./reports.ts";
import { makeService, SERVICE_NAMES, type ServiceName } from "./services.ts";

const { Bun, gc } = globalThis as { Bun?: { gc(sync: boolean): void }; gc?: () => void };
const drainTimeoutMs = Number(process.argv[2]);
const servers = new Map<ServiceName, Server<string, string>>();
const ended: Ended[] = [];
let recording = true;

function observerOf(service: ServiceName): (event: ServerEvent) => void {
  return (event) => {
    if (event.type !== "connection-closed" || !recording) return;
    const { connection, reason, framesDropped } = event;
    ended.push({ service, id: connection.id, reason, framesDropped });
  };
}

for (const name of SERVICE_NAMES) {
  servers.set(name, await serve({ ...makeService(name), port: 0, drainTimeoutMs, observer: observerOf(name) }));
}

const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);

function collect(): void {
  if (Bun === undefined) gc?.();
  else Bun.gc(true);
}

function sample(): Sample {
  const stats = [...servers.values()].map((server) => server.stats());
  const sum = (field: "connections" | "accepted" | "handlers" | "groups" | "observerErrors") =>
    stats.reduce((total, one) => total + one[field], 0);
  return {
    rss: process.memoryUsage().rss,
    connections: sum("connections"),
    accepted: sum("accepted"),
    handlers: sum("handlers"),
    groups: sum("groups"),
    observerErrors: sum("observerErrors"),
  };
}

const commands: Record<string, () => object> = {
  sample,
  /** Memory is what is left after a collection. */
  collect: () => {
    collect();
    return sample();
  },
  ended: () => ended.splice(0),
  forget: () => {
    recording = false;
    return {};
  },
};

async function drain(): Promise<void> {
  const results = await Promise.all([...servers.values()].map((server) => server.shutdown()));
  const drained = results.reduce((total, result) => total + result.drained, 0);
  const aborted = results.reduce((total, result) => total + result.aborted, 0);
  process.exitCode = aborted > 0 ? 1 : 0;
  say({ drained, aborted, ended, left: sample() } satisfies Drained);
}

let draining = false;
process.on("SIGINT", () => {
  draining = true;
  void drain();
});

const ports = Object.fromEntries([...servers].map(([name, { address }]) => [name, address.port]));
say({ ports: ports as Hello["ports"] } satisfies Hello);
for await (const name of createInterface({ input: process.stdin })) {
  const command = commands[name];
  if (command === undefined) throw new Error(`no command ${name}`);
  say(command());
}
// Nobody is there any more. After a drain nothing may be left that keeps the process.
if (!draining) process.exit(2);

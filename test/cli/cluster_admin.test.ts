// The admin endpoint of `serve --workers`: the real command line, with real processes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { AdminClient } from "../../src/cli/top/admin_client.ts";
import { adminPlaceOf } from "../../src/cli/top/admin_place.ts";
import { root } from "../support/tree.ts";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";
import { ranToEnd } from "./support/ran_to_end.ts";

const TOKEN = "a-token-of-enough-characters";
const LONG = { timeout: 30_000 };
const started: CliProcess[] = [];
let folder: string;
let tokenFile: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cluster-admin-"));
  tokenFile = path.join(folder, "token");
  writeFileSync(tokenFile, `${TOKEN}\n`);
});
afterAll(() => {
  for (const cli of started) cli.kill();
  rmSync(folder, { recursive: true });
});

/** Writes a service whose members are all in one group, and returns its path. */
function service(name: string, version: string): string {
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import { lines } from ${JSON.stringify(pathToFileURL(path.join(root, "dist/mod.js")).href)};
if (${JSON.stringify(version)} === "broken") throw new Error("does not start");
export default { codec: lines(), onConnect: (session) => session.join("all"), handler: (line) => line };
`,
  );
  return file;
}

interface Served {
  readonly cli: CliProcess;
  readonly port: number;
  readonly url: string;
}

async function served(...args: string[]): Promise<Served> {
  const cli = new CliProcess(
    "serve",
    ...args,
    "--port",
    "0",
    "--admin",
    "127.0.0.1:0",
    "--admin-token-file",
    tokenFile,
  );
  started.push(cli);
  const [, port] = await cli.printed(/^spillway listening on .*:(\d+) \(.*, \d+ workers?\)\n/);
  const [, url = ""] = /listens on (http:\S+)\//.exec(cli.stderr) ?? [];
  return { cli, port: Number(port), url };
}

async function asked(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

interface WorkerSaid {
  readonly pid: number;
  readonly answered: boolean;
  readonly server?: { readonly connections: number };
}

async function workersOf({ url }: Served): Promise<WorkerSaid[]> {
  return (await asked(`${url}/workers`))["workers"] as WorkerSaid[];
}

/** Connects until every worker has a connection. */
async function connectAll(all: Served): Promise<LineConnection[]> {
  const connections: LineConnection[] = [];
  await vi.waitFor(async () => {
    const connection = new LineConnection(all.port);
    connections.push(connection);
    connection.send("hello\n");
    await connection.line();
    expect((await workersOf(all)).map(({ server }) => server?.connections ?? 0)).not.toContain(0);
  }, LONG);
  return connections;
}

async function end({ cli }: Served): Promise<void> {
  cli.signal("SIGTERM");
  expect(await cli.ended).toEqual({ code: 0, signal: null });
}

const reload = (...args: string[]) => ranToEnd(["reload", ...args], { cwd: folder });
const authorized = { Authorization: `Bearer ${TOKEN}` };

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("serve --workers --admin", { concurrent: true, timeout: 60_000 }, () => {
  it("has one view over all workers, and closes a connection of any", async () => {
    const all = await served(service("view", "v1"), "--workers", "2", "--max-connections", "1000");
    const connections = await connectAll(all);
    const { length } = connections;
    // On a busy machine, a worker may not answer in time.
    await vi.waitFor(async () => {
      expect(await asked(`${all.url}/stats`)).toMatchObject({
        ready: true,
        server: { connections: length, framesIn: length, framesOut: length },
      });
    }, LONG);
    const list = await vi.waitFor(async () => {
      const { connections: listed, matching } = await asked(`${all.url}/connections?sort=remote`);
      expect(matching).toBe(length);
      return { connections: listed as { id: string; worker: number; remote: string }[] };
    }, LONG);
    expect(new Set(list.connections.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    await vi.waitFor(async () => {
      expect((await asked(`${all.url}/groups`))["groups"]).toEqual([{ name: "all", size: length }]);
      const metrics = await (await fetch(`${all.url}/metrics`)).text();
      const opened = [...metrics.matchAll(/^spillway_connections_open\{worker="(\d)"\} (\d+)$/gm)];
      expect(opened.map(([, worker]) => worker)).toEqual(["1", "2"]);
      expect(opened.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(length);
      expect(metrics).toMatch(/^spillway_cluster_workers\{state="serving"\} 2$/m);
    }, LONG);
    // The limits of the whole server, not those of a worker's part.
    expect(await asked(`${all.url}/config`)).toMatchObject({
      workers: 2,
      settings: { maxConnections: { value: 1_000 } },
    });

    const [last] = list.connections.slice(-1);
    const one = `${all.url}/connections/${last?.id}`;
    expect(await asked(one)).toMatchObject({ remote: last?.remote, framesIn: 1 });
    expect((await fetch(one, { method: "DELETE" })).status).toBe(401);
    expect((await fetch(one, { method: "DELETE", headers: authorized })).status).toBe(202);
    await vi.waitFor(async () => {
      const { closed } = await asked(`${all.url}/closed`);
      expect(closed).toMatchObject([{ id: last?.id, worker: last?.worker, reason: "handler-closed" }]);
    }, LONG);
    for (const connection of connections) connection.finish();
    await end(all);
  });

  it("names a worker that is stopped, and goes on without one that is killed", async () => {
    const all = await served(service("stopped", "v1"), "--workers", "2", "--worker-timeout", "30s");
    const [first, second] = (await workersOf(all)).map(({ pid }) => pid) as [number, number];
    process.kill(first, "SIGSTOP");
    const answers = async () => (await workersOf(all)).map(({ answered }) => answered);
    await vi.waitFor(async () => expect(await answers()).toEqual([false, true]), LONG);
    const list = await asked(`${all.url}/connections`);
    expect(list["notAnswered"]).toEqual(expect.arrayContaining([expect.objectContaining({ worker: 1 })]));
    process.kill(first, "SIGCONT");
    await vi.waitFor(async () => expect(await answers()).toEqual([true, true]), LONG);

    const polled = { over: false, count: 0 };
    const polling = (async () => {
      for (; !polled.over; polled.count++) {
        expect((await fetch(`${all.url}/connections?limit=1`)).status).toBe(200);
        // The endpoint refuses more than 100 requests a second.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    process.kill(second, "SIGKILL");
    await vi.waitFor(async () => {
      const others = (await workersOf(all)).filter(({ pid }) => pid !== second);
      expect(others.map(({ answered }) => answered)).toEqual([true, true]);
    }, LONG);
    polled.over = true;
    await polling;
    expect(polled.count).toBeGreaterThan(0);
    expect(await asked(`${all.url}/stats`)).toMatchObject({ cluster: { restarts: 1 } });
    await end(all);
  });

  it("spillway reload replaces the workers, waits for the end, and says why that failed", async () => {
    const file = service("reloaded", "v1");
    const pidFile = path.join(folder, "reloaded.pid");
    const all = await served(file, "--workers", "2", "--grace", "100ms", "--pid-file", pidFile);
    const place = all.url.slice("http://".length);
    const before = (await workersOf(all)).map(({ pid }) => pid);
    const controller = new AbortController();
    const events = await fetch(`${all.url}/events`, { signal: controller.signal });
    expect(await reload(place, "--token-file", tokenFile)).toMatchObject({
      code: 0,
      out: "the workers are replaced\n",
      err: "",
    });
    const after = async () => (await workersOf(all)).filter(({ pid }) => !before.includes(pid)).map(({ pid }) => pid);
    expect(await after()).toHaveLength(2);
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of events.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes("event: reload-finished")) break;
    }
    controller.abort();
    expect(text.match(/^event: worker-ready$/gm)).toHaveLength(2);

    const [first, second] = (await after()) as [number, number];
    expect((await reload(place, "--token-file", tokenFile, "--worker", "1")).out).toBe("worker 1 is replaced\n");
    expect(await after()).toContain(second);
    expect(await after()).not.toContain(first);
    service("reloaded", "broken");
    const failed = await reload(place, "--token-file", tokenFile);
    expect(failed).toMatchObject({ code: 1, out: "" });
    expect(failed.err).toMatch(
      /^spillway: the workers are not replaced, and the old ones go on serving: .*exit code 2/,
    );
    service("reloaded", "v2");
    const { length } = all.cli.stderr;
    expect(await reload("--pid-file", pidFile)).toMatchObject({
      code: 0,
      out: `sent SIGHUP to process ${all.cli.pid}\n`,
    });
    await vi.waitFor(() => expect(all.cli.stderr.slice(length)).toMatch(/the workers are replaced/), LONG);
    await end(all);
  });

  it("SIGUSR2 gives the place of the endpoint to the next supervisor", async () => {
    const admin = `unix:${path.join(folder, "upgraded.admin")}`;
    const pidFile = path.join(folder, "upgraded.pid");
    const args = ["--port", "0", "--workers", "1", "--grace", "100ms", "--admin", admin, "--pid-file", pidFile];
    const cli = new CliProcess("serve", service("upgraded", "v1"), ...args);
    started.push(cli);
    await cli.printed(/^spillway listening on /);
    const client = new AdminClient(adminPlaceOf(admin), undefined);
    const pid = async () => ((await client.getJson("/stats")) as { pid: number }).pid;
    expect(await pid()).toBe(cli.pid);
    cli.signal("SIGUSR2");
    await vi.waitFor(async () => expect(await pid()).not.toBe(cli.pid), LONG);
    await vi.waitFor(() => expect(readFileSync(pidFile, "utf8")).not.toBe(`${cli.pid}\n`), LONG);
    expect(await pid()).toBe(Number(readFileSync(pidFile, "utf8")));
    expect(await client.getJson("/readyz")).toEqual({ status: "ready", phase: "serving" });
    process.kill(await pid(), "SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    client.close();
  });

  it("drains everything when it is told to, and says that it is not ready", async () => {
    const all = await served(service("drained", "v1"), "--workers", "2");
    const connection = new LineConnection(all.port);
    connection.send("x\n");
    await connection.line();
    const drain = (body: object) =>
      fetch(`${all.url}/drain`, {
        method: "POST",
        headers: { ...authorized, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await drain({ graceMs: 30_000 })).status).toBe(202);
    expect((await fetch(`${all.url}/readyz`)).status).toBe(503);
    expect((await drain({})).status).toBe(409);
    expect((await drain({ force: true })).status).toBe(202);
    await all.cli.ended;
    await connection.rest();
  });
});

describe("spillway reload", () => {
  it.each([
    [[], 2, /option '--token-file' is required/],
    [["nowhere", "--token-file", "token"], 2, /admin endpoint 'nowhere'/],
    [["--pid-file", "none"], 2, /option '--pid-file' cannot be read/],
    [["--pid-file", "token"], 2, /names a file without the number of a process/],
    [["--pid-file", "token", "--worker", "1"], 2, /option '--worker' has no effect with --pid-file/],
    [["9090", "--pid-file", "token"], 2, /the endpoint has no effect with --pid-file/],
    [["--worker", "0"], 2, /'--worker'/],
    [["unix:none", "--token-file", "token"], 1, /no answer from the admin endpoint unix:none: there is no such socket/],
  ])("with %j ends with %i, and says why", async (args, code, message) => {
    const ran = await reload(...args);
    expect(ran).toMatchObject({ code, out: "" });
    expect(ran.err).toMatch(message);
  });

  it("says that a server has no workers", async () => {
    const cli = new CliProcess(
      "serve",
      "echo",
      "--port",
      "0",
      "--admin",
      "127.0.0.1:0",
      "--admin-token-file",
      tokenFile,
    );
    started.push(cli);
    const [, place = ""] = await cli.logged(/admin endpoint listens on http:\/\/([^/]+)/);
    const ran = await reload(place, "--token-file", tokenFile);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/has no workers: /);
    cli.signal("SIGTERM");
    await cli.ended;
  });
});

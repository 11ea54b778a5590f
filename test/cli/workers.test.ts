// `spillway serve --workers`: the real command line, whose processes are stopped, killed and replaced.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { root } from "../support/tree.ts";
import { bindAndBecome, python } from "./support/bind_and_become.ts";
import { CliProcess } from "./support/cli_process.ts";
import { LaunchedCli } from "./support/launched.ts";
import { LineConnection } from "./support/line_connection.ts";

const started: CliProcess[] = [];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "workers-"));
});
afterAll(() => {
  for (const cli of started) cli.kill();
  rmSync(folder, { recursive: true });
});

const LONG = { timeout: 30_000 };
const READY = /^spillway listening on .*:(\d+) \(.*, (\d+) workers?\)\n/;

/** Writes a service whose replies begin with the number of its process, and returns its path. */
function service(name: string, version: string, options = ""): string {
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(file, moduleText(version, options));
  return file;
}

function moduleText(version: string, options: string): string {
  return `import process from "node:process";
import { lines } from ${JSON.stringify(pathToFileURL(path.join(root, "dist/mod.js")).href)};
const version = ${JSON.stringify(version)};
if (version === "broken") throw new Error("does not start");
export default {
  codec: lines(),
  handler(line) {
    if (line === "exit") process.exit(3);
    if (line === "spin") for (;;);
    if (line === "talk") process.send({ said: line });
    if (line === "slow") return new Promise((resolve) => setTimeout(() => resolve(\`\${process.pid} \${version} slow\`), 1_000));
    return \`\${process.pid} \${version} \${line}\`;
  },
  ${options}
};
`;
}

/** A service that the first process loads, and that ends all others. */
function failingLater(name: string): string {
  const loaded = path.join(folder, `${name}.loaded`);
  return `import { existsSync, writeFileSync } from "node:fs";
if (existsSync(${JSON.stringify(loaded)})) process.exit(7);
writeFileSync(${JSON.stringify(loaded)}, "");
${moduleText("v1", "")}`;
}

function serve(...args: string[]): CliProcess {
  const cli = new CliProcess("serve", ...args, "--port", "0");
  started.push(cli);
  return cli;
}

async function ready(cli: CliProcess): Promise<number> {
  const [, port] = await cli.printed(READY);
  return Number(port);
}

async function ask(port: number | string, line: string): Promise<string> {
  const connection = new LineConnection(port);
  connection.send(`${line}\n`);
  const reply = await connection.line();
  connection.finish();
  return reply;
}

const processOf = (reply: string) => Number(reply.split(" ")[0]);

/** The numbers of the processes that answer: all of `count`. */
async function processes(port: number, count: number): Promise<number[]> {
  const found = new Set<number>();
  await vi.waitFor(async () => {
    found.add(processOf(await ask(port, "who")));
    expect(found.size).toBeGreaterThanOrEqual(count);
  }, LONG);
  return [...found];
}

/** Two connections that different workers have accepted. */
async function inDifferentWorkers(port: number): Promise<[LineConnection, LineConnection]> {
  const found = new Map<number, LineConnection>();
  await vi.waitFor(async () => {
    const connection = new LineConnection(port);
    connection.send("who\n");
    const pid = processOf(await connection.line());
    if (found.has(pid)) connection.finish();
    else found.set(pid, connection);
    expect(found.size).toBe(2);
  }, LONG);
  return [...found.values()] as [LineConnection, LineConnection];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // A process that has ended and was not waited for is still there.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

async function end(cli: CliProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  cli.signal(signal);
  expect(await cli.ended).toEqual({ code: 0, signal: null });
}

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("serve --workers", { concurrent: true, timeout: 60_000 }, () => {
  it("serves with several processes, says so once, and drains them all", async () => {
    const cli = serve(service("plain", "v1"), "--workers", "2");
    const port = await ready(cli);
    const pids = await processes(port, 2);
    expect(pids).not.toContain(cli.pid);
    const connection = new LineConnection(port);
    connection.send("a\n");
    expect(await connection.line()).toMatch(/ v1 a$/);
    await end(cli);
    expect(await connection.rest()).toBe("");
    expect(cli.stdout.match(/listening/g)).toHaveLength(1);
    expect(cli.stderr).toMatch(/INF \[worker 1\] drained/);
    expect(cli.stderr).toMatch(/INF \[worker 2\] drained/);
    expect(cli.stderr).toMatch(/INF all workers have drained\n$/);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("SIGHUP replaces them one by one, and what is there is answered by the old ones", async () => {
    const file = service("rolling", "v1");
    const cli = serve(file, "--workers", "2", "--grace", "30s", "--log-level", "debug");
    const port = await ready(cli);
    const old = new LineConnection(port);
    old.send("before\n");
    expect(await old.line()).toMatch(/ v1 before$/);
    service("rolling", "v2");
    cli.signal("SIGHUP");
    await cli.logged(/the workers are replaced/);
    old.send("after\n");
    expect(await old.line()).toMatch(/ v1 after$/);
    for (let count = 0; count < 5; count++) expect(await ask(port, "x")).toMatch(/ v2 x$/);
    old.finish();
    await end(cli);
  });

  it("leaves the old ones when the new version does not start, and says why", async () => {
    const file = service("broken", "v1");
    const cli = serve(file, "--workers", "2");
    const port = await ready(cli);
    const before = await processes(port, 2);
    service("broken", "broken");
    cli.signal("SIGHUP");
    await cli.logged(/the old ones go on serving: the new worker ended .* \(exit code 2\)/);
    expect(cli.stderr).toContain("does not start");
    expect(new Set(await processes(port, 2))).toEqual(new Set(before));
    await end(cli);
  });

  it("replaces a worker that is killed, whose connections alone are lost", async () => {
    const cli = serve(service("killed", "v1"), "--workers", "2");
    const port = await ready(cli);
    const connections = Array.from({ length: 20 }, () => new LineConnection(port));
    const pids: number[] = [];
    for (const connection of connections) {
      connection.send("a\n");
      pids.push(processOf(await connection.line()));
    }
    const [victim = 0] = pids;
    process.kill(victim, "SIGKILL");
    await cli.logged(/WRN worker \d, process \d+, has ended: SIGKILL/);
    await cli.logged(/is ready, process \d+\n(.*\n)*.*is ready, process \d+\n(.*\n)*.*is ready, process \d+\n/);
    for (const [index, connection] of connections.entries()) {
      if (pids[index] === victim) expect(await connection.rest()).toBe("");
      else {
        connection.send("b\n");
        expect(await connection.line()).toBe(`${pids[index]} v1 b`);
        connection.finish();
      }
    }
    await end(cli);
  });

  it("replaces a worker that is stopped, and one whose event loop is blocked", async () => {
    const cli = serve(service("stopped", "v1"), "--workers", "2", "--worker-timeout", "1s");
    const port = await ready(cli);
    const [one = 0] = await processes(port, 2);
    process.kill(one, "SIGSTOP");
    await cli.logged(/ERR worker \d, process \d+, is killed: .* not answer\n/);
    await processes(port, 2);
    new LineConnection(port).send("spin\n");
    await cli.logged(/is killed: .* not answer\n(.*\n)*.*is killed: .* not answer\n/);
    const now = await processes(port, 2);
    expect(now).not.toContain(one);
    await end(cli);
  });

  it("replaces a worker that ends by itself", async () => {
    const cli = serve(service("exits", "v1"), "--workers", "1");
    const port = await ready(cli);
    const connection = new LineConnection(port);
    connection.send("exit\n");
    expect(await connection.rest()).toBe("");
    await cli.logged(/has ended: exit code 3\n/);
    expect(await ask(port, "x")).toMatch(/ v1 x$/);
    await end(cli);
  });

  it("workers drain when the supervisor is killed", async () => {
    const cli = serve(service("orphans", "v1"), "--workers", "2");
    const port = await ready(cli);
    const pids = await processes(port, 2);
    cli.signal("SIGKILL");
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), LONG);
  });

  it("workers drain when the supervisor is killed before it has read what they said", async () => {
    const cli = serve(service("unread", "v1"), "--workers", "2");
    const port = await ready(cli);
    const pids = await processes(port, 2);
    cli.signal("SIGSTOP");
    await vi.waitFor(async () => {
      const talked = new Set([processOf(await ask(port, "talk")), processOf(await ask(port, "talk"))]);
      expect(talked.size).toBe(2);
    }, LONG);
    cli.signal("SIGKILL");
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), LONG);
  });

  it("SIGUSR2 replaces the supervisor, without a lost connection", async () => {
    const pidFile = path.join(folder, "upgraded.pid");
    const cli = serve(service("upgraded", "v1"), "--workers", "2", "--grace", "200ms", "--pid-file", pidFile);
    const port = await ready(cli);
    const first = Number(readFileSync(pidFile, "utf8"));
    expect(first).toBe(cli.pid);
    const load = { asked: 0, over: false };
    const loaded = (async () => {
      for (; !load.over; load.asked++) expect(await ask(port, "x")).toMatch(/ v1 x$/);
    })();
    cli.signal("SIGUSR2");
    // Its stdout and stderr are those of its successor.
    await cli.logged(/INF all workers have drained/);
    await vi.waitFor(() => expect(isAlive(first)).toBe(false), LONG);
    const second = Number(readFileSync(pidFile, "utf8"));
    expect(second).not.toBe(first);
    load.over = true;
    await loaded;
    expect(load.asked).toBeGreaterThan(0);
    process.kill(second, "SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect([isAlive(second), existsSync(pidFile)]).toEqual([false, false]);
  });

  it("a new supervisor that is told to end while the old one drains is no failure", async () => {
    const pidFile = path.join(folder, "ended.pid");
    const cli = serve(service("ended", "v1"), "--workers", "1", "--grace", "100ms", "--pid-file", pidFile);
    const held = new LineConnection(await ready(cli));
    held.send("before\n");
    expect(await held.line()).toMatch(/ before$/);
    cli.signal("SIGUSR2");
    await cli.logged(/starting a supervisor that takes over/);
    // It is answered in a second: so long the old worker drains.
    await vi.waitFor(() => expect(Number(readFileSync(pidFile, "utf8"))).not.toBe(cli.pid), LONG);
    held.send("slow\n");
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGTERM");
    expect(await held.line()).toMatch(/ slow$/);
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stderr).not.toContain("no supervisor has taken over");
  });

  it("a new supervisor that is killed while the old one drains is reported as lost", async () => {
    const pidFile = path.join(folder, "lost.pid");
    const cli = serve(service("lost", "v1"), "--workers", "1", "--grace", "100ms", "--pid-file", pidFile);
    const held = new LineConnection(await ready(cli));
    held.send("before\n");
    expect(await held.line()).toMatch(/ before$/);
    cli.signal("SIGUSR2");
    await vi.waitFor(() => expect(Number(readFileSync(pidFile, "utf8"))).not.toBe(cli.pid), LONG);
    await cli.logged(/another supervisor has taken over/);
    held.send("slow\n");
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    await cli.logged(/ERR the new supervisor has ended \(SIGKILL\), and nobody accepts: start the service again/);
    expect(await held.line()).toMatch(/ slow$/);
    await cli.ended;
    expect(cli.stderr).not.toContain("no supervisor has taken over");
  });

  it("a supervisor that cannot be replaced goes on", async () => {
    const file = service("stays", "v1");
    const cli = serve(file, "--workers", "1");
    const port = await ready(cli);
    service("stays", "broken");
    cli.signal("SIGUSR2");
    await cli.logged(/ERR no supervisor has taken over, and this one goes on: .*exit code 2/);
    expect(await ask(port, "x")).toMatch(/ v1 x$/);
    await end(cli);
  });

  it("a worker of another release is not taken in, and the old one goes on", async () => {
    const file = service("other_release", "v1");
    const cli = serve(file, "--workers", "1");
    const port = await ready(cli);
    const other = 'process.send?.({ spillway: { type: "up", version: 9 } });\n';
    writeFileSync(file, moduleText("v2", "").replace("const version", `${other}const version`));
    cli.signal("SIGHUP");
    await cli.logged(
      /the old ones go on serving: the new worker was killed: .*speaks version 9 of the worker protocol/,
    );
    expect(await ask(port, "x")).toMatch(/ v1 x$/);
    await end(cli);
  });

  it("a process to which a supervisor of another release hands over says which versions met", async () => {
    const handover = JSON.stringify({ version: 9, places: [], inheritor: 1 });
    const args = ["serve", "echo", "--workers", "1", "--port", "0"];
    const cli = LaunchedCli.start(["env", `SPILLWAY_HANDOVER=${handover}`], ...args);
    started.push(cli);
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stderr).toContain(
      "the supervisor speaks version 9 of the handover protocol, and this process version 1",
    );
  });

  it("leaves nothing of the hub of --bus local when nothing is served", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => void taken.listen(0, "127.0.0.1", resolve));
    const temporary = mkdtempSync(path.join(folder, "tmp-"));
    const { port } = taken.address() as { port: number };
    const args = ["serve", "echo", "--workers", "2", "--bus", "local", "--port", `${port}`];
    const cli = LaunchedCli.start(["env", `TMPDIR=${temporary}`], ...args);
    started.push(cli);
    expect((await cli.ended).code).not.toBe(0);
    expect(cli.stderr).toContain("in use");
    expect(readdirSync(temporary)).toEqual([]);
    taken.close();
  });

  it("--watch replaces the worker when a file beside the module changes", async () => {
    // The other tests write beside theirs.
    mkdirSync(path.join(folder, "alone"));
    const file = service("alone/watched", "v1");
    const cli = serve(file, "--watch");
    const port = await ready(cli);
    expect(await ask(port, "x")).toMatch(/ v1 x$/);
    // The first look must be over, and a file system may have coarse times.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    service("alone/watched", "version 2");
    await cli.logged(/the workers are replaced/);
    expect(await ask(port, "x")).toMatch(/ version 2 x$/);
    await end(cli);
  });

  it("a module may say how many processes serve", async () => {
    const cli = serve(service("says", "v1", "workers: 2,"));
    const port = await ready(cli);
    expect(cli.stdout).toMatch(/, 2 workers\)/);
    await processes(port, 2);
    await end(cli);
  });

  it("--bus local carries broadcasts between workers", async () => {
    const file = path.join(folder, "rooms.mjs");
    writeFileSync(
      file,
      `import process from "node:process";
import { lines } from ${JSON.stringify(pathToFileURL(path.join(root, "dist/mod.js")).href)};
export default {
  codec: lines(),
  onConnect(session) { session.join("all"); },
  handler(line, { session }) {
    if (line === "who") return \`\${process.pid} who\`;
    session.group("all").broadcast(line, { except: session });
  },
};
`,
    );
    const cli = serve(file, "--workers", "2", "--bus", "local");
    const port = await ready(cli);
    const [one, other] = await inDifferentWorkers(port);
    one.send("hello\n");
    expect(await other.line()).toBe("hello");
    other.send("back\n");
    expect(await one.line()).toBe("back");
    one.finish();
    other.finish();
    await end(cli);
  });

  it("a rolling restart loses none of the connections that come in bursts", async () => {
    const cli = serve(service("bursts", "v1"), "--workers", "2");
    const port = await ready(cli);
    const bursts: Promise<PromiseSettledResult<string>[]>[] = [];
    for (let restarts = 1; restarts <= 2; restarts++) {
      cli.signal("SIGHUP");
      const replaced = cli.logged(new RegExp(`(workers are replaced[^]*){${restarts}}`));
      const load = { over: false };
      void replaced.then(() => (load.over = true));
      while (!load.over) {
        bursts.push(Promise.allSettled(Array.from({ length: 30 }, () => ask(port, "a"))));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    const outcomes = (await Promise.all(bursts)).flat();
    const lost = outcomes.filter((outcome) => outcome.status === "rejected" || !outcome.value.endsWith(" v1 a"));
    expect(lost).toEqual([]);
    await end(cli);
  });

  it("a full worker leaves connections to its siblings, where the runtime accepts in turns", async () => {
    const cli = serve(service("full", "v1"), "--workers", "2", "--max-connections", "40");
    const port = await ready(cli);
    const connections = Array.from({ length: 40 }, () => new LineConnection(port));
    for (const connection of connections) connection.send("a\n");
    // On Deno and Bun a worker may keep connections waiting that its sibling has room for, until one of its own ends.
    const inTurns = !("deno" in process.versions || "bun" in process.versions);
    const first = inTurns ? connections : connections.slice(0, 1);
    for (const connection of first) expect(await connection.line()).toMatch(/ v1 a$/);
    for (const connection of connections) connection.finish();
    await end(cli);
  });

  it("limits of the whole server are divided", async () => {
    const flags = ["--workers", "2", "--max-connections", "4", "--beyond-max-connections", "reject"];
    const cli = serve(service("limited", "v1"), ...flags);
    const port = await ready(cli);
    const connections = Array.from({ length: 12 }, () => new LineConnection(port));
    for (const connection of connections) connection.send("a\n");
    const outcomes = await Promise.allSettled(connections.map((connection) => connection.line()));
    const answered = outcomes.filter(
      (outcome) => outcome.status === "fulfilled" && outcome.value.endsWith(" v1 a"),
    ).length;
    expect(answered).toBeLessThanOrEqual(4);
    expect(answered).toBeGreaterThan(0);
    await end(cli);
  });

  it("SIGINT of a terminal, which reaches all processes, drains in order", async () => {
    const cli = serve(service("terminal", "v1"), "--workers", "2");
    const port = await ready(cli);
    const pids = await processes(port, 2);
    const connection = new LineConnection(port);
    connection.send("a\n");
    await connection.line();
    for (const pid of pids) process.kill(pid, "SIGINT");
    await end(cli, "SIGINT");
    expect(cli.stderr).not.toMatch(/WRN|ERR/);
  });

  it.each([
    ["first the supervisor", (supervisor: number, workers: number[]) => [supervisor, ...workers]],
    ["first the workers", (supervisor: number, workers: number[]) => [...workers, supervisor]],
  ])("SIGTERM to all processes, as systemd sends, drains in order: %s", async (_, order) => {
    const cli = serve(service("group", "v1"), "--workers", "2");
    const port = await ready(cli);
    const pids = await processes(port, 2);
    const connection = new LineConnection(port);
    connection.send("slow\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const pid of order(cli.pid, pids)) process.kill(pid, "SIGTERM");
    expect(await connection.line()).toMatch(/ v1 slow$/);
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("SIGTERM right after SIGHUP lets the replaced workers finish", async () => {
    const cli = serve(service("hup_term", "v1"), "--workers", "1");
    const port = await ready(cli);
    const connection = new LineConnection(port);
    connection.send("slow\n");
    await new Promise((resolve) => setTimeout(resolve, 100));
    cli.signal("SIGHUP");
    await cli.logged(/the workers are replaced/);
    cli.signal("SIGTERM");
    expect(await connection.line()).toMatch(/ v1 slow$/);
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("SIGHUP and SIGUSR2 have no effect while the service loads, and SIGTERM ends it in order", async () => {
    const slow = path.join(folder, "slow_load.mjs");
    const loading = `process.stderr.write("loading\\n");\nawait new Promise((resolve) => setTimeout(resolve, 1_000));\n`;
    writeFileSync(
      slow,
      `import process from "node:process";\n${loading}${moduleText("v1", "").replace('import process from "node:process";\n', "")}`,
    );
    const cli = serve(slow, "--workers", "1");
    await cli.logged(/loading\n/);
    cli.signal("SIGHUP");
    cli.signal("SIGUSR2");
    expect(await ask(await ready(cli), "x")).toMatch(/ v1 x$/);
    await end(cli);
    const other = serve(slow, "--workers", "1");
    await other.logged(/loading\n/);
    await end(other);
  });

  it("a service that has a port of its own can have it: the process that plans is over by then", async () => {
    const file = path.join(folder, "own_port.mjs");
    const own = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address() as { port: number };
        server.close(() => resolve(port));
      });
    });
    const listening = `await new Promise((resolve, reject) => createServer().on("error", reject).listen(${own}, "127.0.0.1", resolve));\n`;
    writeFileSync(file, `import { createServer } from "node:net";\n${listening}${moduleText("v1", "")}`);
    const cli = serve(file, "--workers", "1");
    expect(await ask(await ready(cli), "x")).toMatch(/ v1 x$/);
    expect(cli.stderr).not.toMatch(/has ended/);
    await end(cli);
  });

  it("a message of a service to its parent is not taken for one of its worker", async () => {
    const file = service("talks", "v1");
    writeFileSync(
      file,
      moduleText("v1", "").replace(
        "const version",
        'process.send?.(null);\nprocess.send?.("ready");\nprocess.send?.({ type: "ready" });\nconst version',
      ),
    );
    const cli = serve(file, "--workers", "1");
    expect(await ask(await ready(cli), "x")).toMatch(/ v1 x$/);
    await end(cli);
  });

  it("SIGTERM during an upgrade ends both supervisors", async () => {
    const cli = serve(service("cut", "v1"), "--workers", "1");
    await ready(cli);
    cli.signal("SIGUSR2");
    await cli.logged(/starting a supervisor that takes over/);
    cli.signal("SIGTERM");
    // The end of its stderr is that of all processes.
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("an upgrade that fails leaves the socket at its path", async () => {
    const file = service("path_stays", "v1");
    const place = path.join(folder, "stays.sock");
    const cli = new CliProcess("serve", file, "--workers", "1", "--listen", `unix:${place}`);
    started.push(cli);
    await cli.printed(/^spillway listening on unix:/);
    // The first process that loads this version says where to listen, and the next ones are workers.
    writeFileSync(file, failingLater("path_stays"));
    cli.signal("SIGUSR2");
    await cli.logged(/no supervisor has taken over/);
    expect(await ask(place, "x")).toMatch(/ v1 x$/);
    await end(cli);
  });

  it("a version with an error that nobody catches leaves the old one", async () => {
    const file = service("uncaught", "v1");
    const cli = serve(file, "--workers", "1");
    const port = await ready(cli);
    const [before] = await processes(port, 1);
    writeFileSync(
      file,
      moduleText("v2", "").replace(
        "const version",
        "void Promise.reject(new Error('nobody catches'));\nawait new Promise((resolve) => setTimeout(resolve, 100));\nconst version",
      ),
    );
    cli.signal("SIGHUP");
    await cli.logged(/the old ones go on serving/);
    expect(processOf(await ask(port, "x"))).toBe(before);
    await end(cli);
  });

  it("SIGTERM to a worker drains that one, and another takes its place", async () => {
    const cli = serve(service("drained", "v1"), "--workers", "1");
    const port = await ready(cli);
    const [pid = 0] = await processes(port, 1);
    process.kill(pid, "SIGTERM");
    await cli.logged(/INF worker 1 has drained, process \d+/);
    await vi.waitFor(async () => expect(processOf(await ask(port, "x"))).not.toBe(pid), LONG);
    await end(cli);
  });

  it("listens at a path, which is removed when all is over", async () => {
    const place = path.join(folder, "s.sock");
    const cli = new CliProcess("serve", service("path", "v1"), "--workers", "2", "--listen", `unix:${place}`);
    started.push(cli);
    await cli.printed(/^spillway listening on unix:/);
    expect(await ask(place, "x")).toMatch(/ v1 x$/);
    cli.signal("SIGHUP");
    await cli.logged(/the workers are replaced/);
    expect(await ask(place, "x")).toMatch(/ v1 x$/);
    await end(cli);
    expect(existsSync(place)).toBe(false);
  });

  it("takes the sockets of systemd, and replaces workers on them", async (context) => {
    await python.run(context, ["--version"]);
    const file = service("systemd", "v1");
    const cli = LaunchedCli.start(
      ["python3", ...bindAndBecome(1)],
      "serve",
      file,
      "--workers",
      "2",
      "--listen",
      "systemd",
    );
    started.push(cli);
    const [, port] = await cli.printed(READY);
    await processes(Number(port), 2);
    cli.signal("SIGHUP");
    await cli.logged(/the workers are replaced/);
    await processes(Number(port), 2);
    await end(cli);
  });
});

// As above.
describe.skipIf(process.platform === "win32")(
  "serve --workers that cannot serve",
  { concurrent: true, timeout: 60_000 },
  () => {
    it.each<[string, string[], number, RegExp]>([
      ["a service that does not exist", ["./nowhere.mjs", "--workers", "2"], 2, /^spillway: .*nowhere\.mjs.*\n$/],
      ["a limit that makes no sense", ["echo", "--workers", "2", "--codec", "u7"], 2, /^spillway: .*u7.*\n$/],
      ["no number", ["echo", "--workers", "none"], 2, /^spillway: option '--workers' cannot be 'none': .*\n$/],
      [
        "--watch of what never changes",
        ["echo", "--watch"],
        2,
        /^spillway: option '--watch' is for service modules.*\n$/,
      ],
      [
        "a setting without workers",
        ["echo", "--balance", "kernel"],
        2,
        /^spillway: option '--balance' has no effect .*\n$/,
      ],
    ])("says once what is wrong with %s", async (_, args, code, stderr) => {
      const cli = serve(...args);
      expect(await cli.ended).toMatchObject({ code });
      expect(cli.stderr).toMatch(stderr);
      expect(cli.stdout).toBe("");
    });

    it("says that the port is taken", async () => {
      const first = serve("echo", "--workers", "1");
      const port = await ready(first);
      const second = new CliProcess("serve", "echo", "--workers", "2", "--port", `${port}`);
      started.push(second);
      expect(await second.ended).toMatchObject({ code: 1 });
      expect(second.stderr).toMatch(/^spillway: .*in use.*\n$/);
      await end(first);
    });

    it("says that the PID file cannot be written, before it serves", async () => {
      const cli = serve("echo", "--workers", "1", "--pid-file", path.join(folder, "no/pid"));
      expect(await cli.ended).toMatchObject({ code: 1 });
      expect(cli.stderr).toMatch(/^spillway: --pid-file cannot be written: .*\n$/);
    });

    it("says that a service is not loaded in time", async () => {
      const file = path.join(folder, "hangs.mjs");
      writeFileSync(file, "setInterval(() => undefined, 1_000);\nawait new Promise(() => undefined);\n");
      const cli = serve(file, "--workers", "1", "--ready-timeout", "1s");
      expect(await cli.ended).toMatchObject({ code: 1 });
      expect(cli.stderr).toMatch(/^spillway: the service is not loaded after 1s: .*\n$/);
    });

    it("gives up when workers end before any was ready", async () => {
      const file = path.join(folder, "only_alone.mjs");
      writeFileSync(file, failingLater("only_alone"));
      const cli = serve(file, "--workers", "1");
      const { code } = await cli.ended;
      expect(code).not.toBe(0);
      expect(cli.stdout).toBe("");
    });
  },
);

// `spillway work` in processes of their own: killed, stopped, slow, drained under load.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { type Compute, nats, type RemoteFleet, redisStreams, remote } from "../../src/compute/mod.ts";
import { Broker, removeBrokersAfterEach } from "../compute/support/broker.ts";
import { codeOf } from "../compute/support/remote_trial.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import { eventually } from "../conformance/support/platform.ts";
import { CliProcess } from "./support/cli_process.ts";

const started: CliProcess[] = [];
const fleets: Compute[] = [];
const folder = mkdtempSync(join(tmpdir(), "spillway-work-"));
let files = 0;

afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet.close();
  for (const cli of started.splice(0)) cli.kill();
  rmSync(folder, { recursive: true, force: true });
});
removeBrokersAfterEach();

/** Starts a process with variables of its own. */
function start(args: readonly string[], variables: Readonly<Record<string, string>> = {}): CliProcess {
  Object.assign(process.env, { HANDLED: "", PAUSE_MS: "0", ...variables });
  const cli = new CliProcess(...args);
  started.push(cli);
  return cli;
}

/** Starts a worker that listens. */
async function listening(variables: Readonly<Record<string, string>> = {}, ...more: string[]) {
  const cli = start(["work", "./counting.mjs", "-p", "0", ...more], variables);
  return { cli, target: `127.0.0.1:${await cli.ready()}` };
}

async function ofBroker(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CliProcess> {
  const cli = start(["work", "./counting.mjs", ...args], variables);
  await cli.printed(/^spillway working on \S+ \S+ \(.*\)\n/);
  return cli;
}

/** A file for what workers have handled, and its lines. */
function handledFile() {
  const path = join(mkdtempSync(join(tmpdir(), "spillway-work-")), `${++files}`);
  return { path, lines: () => readFileSync(path, "utf8").trimEnd().split("\n") };
}

function use<Fleet extends Compute>(fleet: Fleet): Fleet {
  fleets.push(fleet);
  return fleet;
}

/** Keeps so many frames in flight. `stop()` fulfils with what was asked and what came. */
function load(fleet: Compute, inFlight = 8) {
  const asked: string[] = [];
  const replies: string[] = [];
  const failures: string[] = [];
  const traffic = { running: true };
  const { signal } = new AbortController();
  const all = Array.from({ length: inFlight }, async () => {
    while (traffic.running) {
      const line = `${asked.length}`;
      asked.push(line);
      const reply = await fleet.handler(line, { signal }).catch((error: unknown) => {
        failures.push(codeOf(error));
      });
      if (reply === undefined) continue;
      replies.push(reply);
      // A reply is never that of another frame.
      if (!reply.endsWith(` ${line}`)) failures.push(`${line} got ${reply}`);
    }
  });
  return {
    replies,
    failures,
    stop: async () => {
      traffic.running = false;
      await Promise.all(all);
      return { asked, replies, failures };
    },
  };
}

const quiet = { observer: () => undefined };

/** How many replies each process has given. */
function byProcess(replies: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const reply of replies) {
    const [pid = ""] = reply.split(" ");
    counts.set(pid, (counts.get(pid) ?? 0) + 1);
  }
  return [...counts.values()].toSorted((one, other) => one - other);
}

// Windows has no signals to stop or drain a process with.
describe.skipIf(process.platform === "win32")("workers that listen", { timeout: 120_000 }, () => {
  it("lose nothing and handle nothing twice when one is drained under load", async () => {
    const file = handledFile();
    const variables = { HANDLED: file.path, PAUSE_MS: "1" };
    const [one, two] = [await listening(variables), await listening(variables)];
    const fleet = use(remote<string>({ targets: [one.target, two.target], ...quiet }));
    const traffic = load(fleet);
    await eventually(() => byProcess(traffic.replies).length === 2);
    one.cli.signal("SIGTERM");
    expect(await one.cli.ended).toMatchObject({ code: 0 });
    const before = traffic.replies.length;
    await eventually(() => traffic.replies.length > before + 50);
    const { asked, failures, replies } = await traffic.stop();
    expect([failures, replies.length]).toEqual([[], asked.length]);
    expect(file.lines().toSorted()).toEqual(asked.toSorted());
  });

  it("that are killed cost only what they had, and nothing if frames are idempotent", async () => {
    for (const idempotent of [false, true]) {
      const [one, two] = [await listening({ PAUSE_MS: "5" }), await listening({ PAUSE_MS: "5" })];
      const fleet = use(remote<string>({ targets: [one.target, two.target], idempotent, ...quiet }));
      const traffic = load(fleet);
      await eventually(() => byProcess(traffic.replies).length === 2);
      one.cli.signal("SIGKILL");
      await one.cli.ended;
      const before = traffic.replies.length;
      await eventually(() => traffic.replies.length > before + 50);
      const { failures } = await traffic.stop();
      if (idempotent) expect(failures).toEqual([]);
      else {
        expect(new Set(failures)).toEqual(new Set(["worker-lost"]));
        expect(failures.length).toBeLessThanOrEqual(8);
      }
      two.cli.signal("SIGTERM");
      await two.cli.ended;
    }
  });

  it("that are stopped are ejected, and take part again when they go on", async () => {
    const [one, two] = [await listening({ PAUSE_MS: "1" }), await listening({ PAUSE_MS: "1" })];
    const fleet = use(
      remote<string>({
        targets: [one.target, two.target],
        idempotent: true,
        tryTimeoutMs: 300,
        connectTimeoutMs: 300,
        ...quiet,
      }),
    );
    const traffic = load(fleet);
    await eventually(() => byProcess(traffic.replies).length === 2);
    one.cli.signal("SIGSTOP");
    const state = () => fleet.stats().members.find(({ address }) => address === one.target)?.state;
    await eventually(() => state() === "ejected");
    const before = traffic.replies.length;
    await eventually(() => traffic.replies.length > before + 100);
    one.cli.signal("SIGCONT");
    await eventually(() => state() === "up");
    expect((await traffic.stop()).failures).toEqual([]);
  });

  it("of which one is 20 times slower give it few frames", async () => {
    const [slow, fast] = [await listening({ PAUSE_MS: "100" }), await listening({ PAUSE_MS: "5" })];
    const fleet: RemoteFleet<string, string> = use(remote<string>({ targets: [slow.target, fast.target], ...quiet }));
    const traffic = load(fleet, 4);
    await eventually(() => traffic.replies.length >= 200);
    const { failures, replies } = await traffic.stop();
    const [few = 0, many = 0] = byProcess(replies);
    expect(failures).toEqual([]);
    expect(few / (few + many)).toBeLessThan(0.2);
  });

  it("compute for servers with --compute, which answer as before", async () => {
    const { target } = await listening();
    const server = start(["serve", "./counting.mjs", "-p", "0", "--compute", `tcp://${target}`]);
    const client = await dialNet({ hostname: "127.0.0.1", port: await server.ready() });
    client.send("a\nthrow\n");
    expect(await client.until("handler-failed\n")).toMatch(/^\d+ a\nerror: handler-failed\n$/);
    await server.logged(/the handler threw: no/);
    server.signal("SIGTERM");
    expect(await server.ended).toMatchObject({ code: 0 });
  });

  it("take what serve takes: a limit of frames at once, and of the time for one", async () => {
    const file = handledFile();
    const { target } = await listening(
      { HANDLED: file.path, PAUSE_MS: "60000" },
      "--concurrency",
      "2",
      "--handler-timeout",
      "500ms",
    );
    const fleet = use(remote<string>({ targets: target, ...quiet }));
    const { signal } = new AbortController();
    const all = ["a", "b", "c"].map((line) => fleet.handler(line, { signal }).catch(codeOf));
    expect(await Promise.all(all.slice(0, 2))).toEqual(["handler-timeout", "handler-timeout"]);
    await eventually(() => file.lines().length === 3);
    expect(file.lines()).toEqual(["a", "b", "c"]);
  });
});

// Windows has no signals to stop or drain a process with.
describe.skipIf(process.platform === "win32")("workers of a broker", { timeout: 120_000 }, () => {
  it("on NATS lose nothing and handle nothing twice when one is drained under load", async () => {
    const broker = await Broker.start("nats");
    const file = handledFile();
    const variables = { HANDLED: file.path, PAUSE_MS: "1" };
    const where = ["--nats", broker.url, "--subject", "a.b"];
    const [one] = await Promise.all([ofBroker(where, variables), ofBroker(where, variables)]);
    const traffic = load(use(nats<string>({ servers: broker.url, subject: "a.b", ...quiet })));
    await eventually(() => byProcess(traffic.replies).length === 2);
    one.signal("SIGTERM");
    expect(await one.ended).toMatchObject({ code: 0 });
    const { asked, failures, replies } = await traffic.stop();
    expect([failures, replies.length]).toEqual([[], asked.length]);
    expect(file.lines().toSorted()).toEqual(asked.toSorted());
    expect(one.stderr).toMatch(/SIGTERM: draining; a second signal aborts the remaining frames/);
  });

  it("on Redis are replaced: what a killed one had is done by another, and every frame gets its reply", async () => {
    const broker = await Broker.start("redis");
    const file = handledFile();
    const variables = { HANDLED: file.path, PAUSE_MS: "5" };
    const where = ["--redis", broker.url, "--stream", "w", "--claim-after", "500ms"];
    const [one] = await Promise.all([ofBroker(where, variables), ofBroker(where, variables)]);
    const traffic = load(use(redisStreams<string>({ url: broker.url, stream: "w", ...quiet })));
    await eventually(() => byProcess(traffic.replies).length === 2);
    one.signal("SIGKILL");
    await one.ended;
    const { asked, failures, replies } = await traffic.stop();
    expect([failures, replies.length]).toEqual([[], asked.length]);
    // At least once: the frames of the killed worker were handled again.
    expect([...new Set(file.lines())].toSorted()).toEqual(asked.toSorted());
  });

  it("abort what remains at a second signal, and exit with 1", async () => {
    const broker = await Broker.start("nats");
    const file = handledFile();
    const worker = await ofBroker(["--nats", broker.url], { HANDLED: file.path, PAUSE_MS: "60000" });
    const fleet = use(nats<string>({ servers: broker.url, subject: "spillway.work", ...quiet }));
    const asked = fleet.handler("a", { signal: new AbortController().signal }).catch(codeOf);
    await eventually(() => {
      try {
        return file.lines().length === 1;
      } catch {
        return false;
      }
    });
    worker.signal("SIGTERM");
    await worker.logged(/draining/);
    worker.signal("SIGTERM");
    expect([await asked, await worker.ended]).toEqual(["drain-timeout", { code: 1, signal: null }]);
  });

  it("compute for servers with --compute", async () => {
    const brokers = await Promise.all([Broker.start("nats"), Broker.start("redis")]);
    await Promise.all([
      ofBroker(["--nats", brokers[0].url, "--subject", "s"]),
      ofBroker(["--redis", brokers[1].url, "--stream", "s"]),
    ]);
    for (const place of [`${brokers[0].url}?subject=s`, `${brokers[1].url}?stream=s`]) {
      const server = start(["serve", "./counting.mjs", "-p", "0", "--compute", place]);
      const client = await dialNet({ hostname: "127.0.0.1", port: await server.ready() });
      client.send("a\n");
      expect(await client.until("a\n")).toMatch(/^\d+ a\n$/);
      server.signal("SIGTERM");
      expect(await server.ended).toMatchObject({ code: 0 });
    }
  });
});

describe("a wrong use", { timeout: 60_000 }, () => {
  it.each([
    [["work"], "missing required argument 'service'"],
    [
      ["work", "./shout.mjs", "--nats", "nats://a", "--redis", "redis://a"],
      "options '--nats' and '--redis' cannot be combined",
    ],
    [["work", "./shout.mjs", "--subject", "a"], "option '--subject' needs '--nats'"],
    [["work", "./shout.mjs", "--nats", "nats://a", "--stream", "a"], "option '--stream' needs '--redis'"],
    [
      ["work", "./shout.mjs", "--nats", "http://a"],
      "option '--nats' cannot be 'http://a': write the address of a broker, such as nats://127.0.0.1",
    ],
    [
      ["work", "./shout.mjs", "--nats", "nats://127.0.0.1", "--subject", "a.*"],
      "subject must be a subject without wildcards",
    ],
    [
      ["work", "./shout.mjs", "--nats", "nats://127.0.0.1", "--port", "1"],
      "option '--port' does not apply to a worker of a broker, which does not listen",
    ],
    [
      ["serve", "./shout.mjs", "--compute", "a:1"],
      "option '--compute' cannot be 'a:1': write tcp://host:port,host:port",
    ],
    [
      ["serve", "./shout.mjs", "--compute", "tcp://a:1,b"],
      "write hosts with ports, such as tcp://10.0.0.1:9000,workers.internal:9000",
    ],
    [["serve", "./shout.mjs", "--compute", "nats://a?stream=b"], "stream is not known here: write subject only"],
    [["serve", "echo", "--compute", "tcp://a:1"], "option '--compute' does not apply to echo"],
    [
      ["serve", "./shout.mjs", "--compute", "tcp://127.0.0.1:1", "--pool", "1"],
      "option '--pool' and option '--compute' cannot be combined: give --pool to the workers",
    ],
  ])("is refused: %j", async (args, message) => {
    const cli = start(args);
    expect(await cli.ended).toMatchObject({ code: 2 });
    expect(cli.stderr).toContain(message);
  });
});

// The values of --bus, and services across processes of all runtimes.
import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { busText, parseBusPrefix, parseBusSpec } from "../../src/cli/bus_spec.ts";
import { given } from "../../src/cli/given.ts";
import { loadBus } from "../../src/cli/load_bus.ts";
import type { SettingName } from "../../src/cli/setting.ts";
import { memoryBus } from "../../src/testing/mod.ts";
import { brokerProcess } from "../buses/support/broker.ts";
import { serveByCli } from "../examples/support/served_example.ts";
import { type InstalledRuntime, installedRuntimes } from "../support/other_runtimes.ts";
import { root } from "../support/tree.ts";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

describe("the value of --bus", () => {
  it.each([
    ["local", { kind: "local", place: "" }, "local"],
    ["local:/run/bus.sock", { kind: "local", place: "/run/bus.sock" }, "local:/run/bus.sock"],
    ["local:./bus.sock", { kind: "local", place: "./bus.sock" }, "local:./bus.sock"],
    ["redis://127.0.0.1:6379", { kind: "redis", place: "redis://127.0.0.1:6379" }, "redis://127.0.0.1:6379"],
    ["rediss://:secret@host/2", { kind: "redis", place: "rediss://:secret@host/2" }, "rediss://***@host/2"],
    ["nats://us:secret@host:4222", { kind: "nats", place: "nats://us:secret@host:4222" }, "nats://***@host:4222"],
    ["nats://[::1]:4222", { kind: "nats", place: "nats://[::1]:4222" }, "nats://[::1]:4222"],
  ])("is understood, and shown without a password: %s", (text, spec, shown) => {
    expect(parseBusSpec(text)).toEqual(spec);
    expect(busText(parseBusSpec(text))).toBe(shown);
  });

  it.each([
    ["", "write local:/path"],
    ["nat://host:4222", "(did you mean nats?)"],
    ["redis:host", "write local:/path"],
    ["nats://", "write local:/path"],
    ["local://path", "write local:/path"],
    ["kafka://host:1", "write local:/path"],
  ])("is refused with advice: %j", (text, advice) => {
    expect(() => parseBusSpec(text)).toThrow(advice);
  });

  it("has a prefix of one word", () => {
    expect(parseBusPrefix("chat-2")).toBe("chat-2");
    for (const wrong of ["", "a.b", "a b", "x".repeat(65)])
      expect(() => parseBusPrefix(wrong)).toThrow("write 1 to 64");
  });
});

function settings(values: Partial<Record<SettingName, unknown>>) {
  const all = Object.entries(values).map(([name, value]) => ({
    name: name as SettingName,
    value,
    origin: { source: `--${name}`, text: `option '--${name}'` },
  }));
  return given(all);
}

describe("the bus that is loaded", () => {
  it("takes the place of the service's driver, and keeps its settings", async () => {
    const via = memoryBus();
    const spec = parseBusSpec("local:/run/bus.sock");
    expect(await loadBus({ via, whenFull: "refuse" }, settings({ bus: spec }), {})).toMatchObject({
      via: { name: "local" },
      whenFull: "refuse",
    });
    expect(await loadBus(via, settings({ bus: spec }), {})).toMatchObject({ name: "local" });
    expect(await loadBus(via, settings({}), {})).toBe(via);
    expect(await loadBus(undefined, settings({}), {})).toBeUndefined();
  });

  it("is that of the supervisor for `local`", async () => {
    const local = settings({ bus: parseBusSpec("local") });
    expect(await loadBus(undefined, local, { busHubPath: "/run/hub.sock" })).toMatchObject({ name: "local" });
    await expect(loadBus(undefined, local, {})).rejects.toThrow(
      "option '--bus' names no hub: write local:/path, or add --workers",
    );
  });

  it("connects to nothing in a check", async () => {
    const via = memoryBus();
    const checked = await loadBus({ via, maxWaitMs: 1 }, settings({}), { dry: true });
    if (checked === undefined || "connect" in checked) throw new Error("it lost its settings");
    void checked.via.connect({} as never);
    expect([checked.maxWaitMs, via.connections]).toEqual([1, []]);
  });

  it("has a prefix where that has a meaning", async () => {
    const nats = { bus: parseBusSpec("nats://127.0.0.1:4222"), busPrefix: "chat" };
    expect(await loadBus(undefined, settings(nats), {})).toMatchObject({ name: "nats" });
    await expect(loadBus(undefined, settings({ busPrefix: "chat" }), {})).rejects.toThrow(
      "has no effect without --bus",
    );
    const local = settings({ bus: parseBusSpec("local:/x"), busPrefix: "chat" });
    await expect(loadBus(undefined, local, {})).rejects.toThrow("has no effect on a local bus");
    // As --print-config prints it.
    expect(await loadBus(undefined, settings({ busPrefix: "spillway" }), {})).toBeUndefined();
  });
});

/** A server on a runtime, with what the build has made of the package; it brings each line to all other members. */
async function memberOn(context: TestContext, { name, command }: InstalledRuntime, address: string): Promise<number> {
  const program = path.join(root, "dist", "main.js");
  const service = path.join(root, "test", "buses", "fixtures", "member.mjs");
  const [file, ...before] = command;
  const args = [...before, program, "serve", service, "--port", "0", "--bus", address];
  const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  context.onTestFinished(() => void child.kill("SIGKILL"));
  return await new Promise((resolve, reject) => {
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const [, port] = /^spillway listening on .*:(\d+) \(.*\)\n/.exec(output) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    child.on("close", () => reject(new Error(`${name} ended: ${output}`)));
  });
}

/** Somebody in the chat who reads until a line comes. */
class Guest extends LineConnection {
  async until(expected: string): Promise<void> {
    while ((await this.line()) !== expected);
  }
}

describe("a service with --bus", () => {
  it("such as the chat brings a line to guests in another process, and what is told to one", {
    timeout: 40_000,
  }, async (context) => {
    const place = await brokerProcess(context, "nats");
    await place.start();
    const [one, other] = [
      await serveByCli("chat", "--bus", place.address),
      await serveByCli("chat", "--bus", place.address),
    ];
    await Promise.all([one, other].map(({ cli }) => cli.logged(/the bus .* is up/)));
    const [alice, bob] = [new Guest(one.port), new Guest(other.port)];
    await alice.line();
    await bob.line();
    alice.send("/nick alice\n");
    await alice.until("* you are now alice");
    bob.send("/nick bob\n");
    await bob.until("* you are now bob");
    // Until the broker has what its server subscribes to.
    const said = alice.until("bob: hello");
    const again = setInterval(() => bob.send("hello\n"), 100);
    await said;
    clearInterval(again);
    alice.send("/tell bob psst\n");
    await bob.until("alice, to you: psst");
    bob.send("/nick Alice\n");
    await bob.until("* Alice is taken");
    bob.send("/who\n");
    await bob.until("* in lobby: bob and 1 more");
  });

  it("connects processes on Node, Deno and Bun", { timeout: 60_000 }, async (context) => {
    const place = await brokerProcess(context, "redis");
    await place.start();
    const runtimes = installedRuntimes();
    const names = runtimes.map(({ name }) => name);
    expect(names).toEqual(["node", "deno", "bun"]);
    const ports = await Promise.all(runtimes.map((one) => memberOn(context, one, place.address)));
    const guests = ports.map((port) => new Guest(port));
    for (const [index, speaker] of guests.entries()) {
      const heard = guests.filter((guest) => guest !== speaker).map((guest) => guest.until(`${names[index]}: hello`));
      const again = setInterval(() => speaker.send(`${names[index]}: hello\n`), 100);
      await Promise.all(heard);
      clearInterval(again);
    }
  });
});

describe("spillway serve with a bus", () => {
  it("runs while the broker is away, and says so once", { timeout: 40_000 }, async (context) => {
    const place = await brokerProcess(context, "redis");
    const cli = new CliProcess("serve", "echo", "--port", "0", "--bus", place.address.replace("://", "://:secret@"));
    context.onTestFinished(() => cli.kill());
    const connection = new LineConnection(await cli.ready());
    await cli.logged(/the bus "?redis"? is down|the bus \(.*\) is down/);
    connection.send("still here\n");
    expect(await connection.line()).toBe("still here");
    await place.start();
    await cli.logged(/the bus .* is up/);
    cli.signal("SIGTERM");
    expect(await cli.ended).toMatchObject({ code: 0 });
    expect(cli.stderr.match(/is down/g)).toHaveLength(1);
    expect(cli.stderr).not.toContain("secret");
  });
});

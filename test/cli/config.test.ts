// Settings from everywhere: which one holds, and where it came from.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFileSettings } from "../../src/cli/config_file.ts";
import { SETTINGS } from "../../src/cli/settings.ts";
import { ranToEnd } from "./support/ran_to_end.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(() => rm(folder, { recursive: true }));

const SERVICE = "codec: { decoder() {}, encoder() {} }, handler() {}";

interface Printed {
  readonly service: string;
  readonly settings: Readonly<Record<string, { readonly value: unknown; readonly from: string }>>;
}

async function printed(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Printed> {
  const { code, out, err } = await ranToEnd(["serve", "--print-config", ...args], { cwd: folder, variables });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out) as Printed;
}

describe("a configuration file", () => {
  it("is JSON or a module; numbers are milliseconds or counts, texts are what an option takes", async () => {
    await writeFile(
      join(folder, "all.json"),
      '{ "port": 0, "idleTimeoutMs": 250, "frameTimeoutMs": "5m", "lifetimeMs": "off", "slowConsumer": "drop", "logLevel": "warn" }',
    );
    await writeFile(
      join(folder, "all.mjs"),
      'export default { port: 0, idleTimeoutMs: 250, frameTimeoutMs: "5m", lifetimeMs: Infinity, slowConsumer: "drop", logLevel: "warn" };',
    );
    for (const file of ["all.json", "all.mjs"]) {
      const read = await configFileSettings(file, folder);
      expect(Object.fromEntries(read.map(({ name, value }) => [name, value]))).toEqual({
        port: 0,
        idleTimeoutMs: 250,
        frameTimeoutMs: 300_000,
        lifetimeMs: Infinity,
        slowConsumer: "drop",
        logLevel: "warning",
      });
    }
  });

  it.each([
    ["broken.json", "{", "cannot read broken.json: "],
    ["list.json", "[]", "list.json is not a configuration: write an object such as"],
    ["none.mjs", "export const port = 1;", "none.mjs is not a configuration"],
    ["near.json", '{ "idleTimeout": 5 }', "near.json: unknown setting 'idleTimeout' (did you mean idleTimeoutMs?)"],
    ["far.json", '{ "bananas": 5 }', "far.json: unknown setting 'bananas'"],
    ["zero.json", '{ "idleTimeoutMs": 0 }', "'idleTimeoutMs' in zero.json cannot be 0: it must be more than 0"],
    ["minus.json", '{ "concurrency": -1 }', "'concurrency' in minus.json cannot be -1: write a whole number"],
    ["text.json", '{ "port": "x" }', "'port' in text.json cannot be \"x\": write a whole number from 0 to 65535"],
    ["null.json", '{ "port": null }', "'port' in null.json cannot be null: write a number or a string"],
    ["number.json", '{ "hostname": 5 }', "'hostname' in number.json cannot be 5: write a string"],
    ["policy.json", '{ "slowConsumer": "wait" }', "'slowConsumer' in policy.json cannot be \"wait\": choose one of"],
    [
      "scheme.json",
      '{ "listen": ["tcp://[::]:1", "udp://[::]:1"] }',
      'cannot be ["tcp://[::]:1","udp://[::]:1"]: write tcp://',
    ],
    ["empty.json", '{ "allow": [] }', "'allow' in empty.json cannot be []: write a string, or an array of strings"],
    [
      "both.json",
      '{ "port": 1, "listen": "fd:3" }',
      "'listen' in both.json and 'port' in both.json do not go together",
    ],
    ["function.mjs", "export default { port() {} };", "'port' in function.mjs cannot be function: write a number"],
  ])("%s is refused, with its name", async (file, text, message) => {
    await writeFile(join(folder, file), text);
    const { code, out, err } = await ranToEnd(["serve", "--config", file], { cwd: folder });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^spillway: [^\n]*\n$/);
    expect(err).toContain(message);
  });

  it("may say what does not apply to the service; the refusal says where that stands", async () => {
    await writeFile(join(folder, "prefix.json"), '{ "prefix": "> " }');
    const { err } = await ranToEnd(["serve", "compute", "--config", "prefix.json"], { cwd: folder });
    expect(err).toBe("spillway: 'prefix' in prefix.json does not apply to compute\n");
  });
});

it.each([[["--config", ""]], [["--config="]]])("%j is refused: it names no file", async (args) => {
  const { code, out, err } = await ranToEnd(["serve", "--print-config", ...args], { cwd: folder });
  expect({ code, out, err }).toEqual({
    code: 2,
    out: "",
    err: "spillway: option '--config' requires the path of a file\n",
  });
});

it("a refusal of the runtime's permissions is one line, and no bug", async () => {
  const refuse = () => {
    throw Object.assign(new Error("Requires env access, run again with the --allow-env flag"), { name: "NotCapable" });
  };
  const variables = new Proxy({}, { ownKeys: refuse });
  const { code, out, err } = await ranToEnd(["serve", "--print-config"], { cwd: folder, variables });
  expect({ code, out, err }).toEqual({
    code: 2,
    out: "",
    err: "spillway: Deno denied a permission: Requires env access, run again with the --allow-env flag\n",
  });
});

describe("--print-config", () => {
  it("shows an option before the environment, that before a file, that before the service, and that before the default", async () => {
    const named = ["drainTimeoutMs", "writeTimeoutMs", "frameTimeoutMs", "idleTimeoutMs"] as const;
    const entries = (count: number, value: number) =>
      Object.fromEntries(named.slice(0, count).map((name) => [name, value]));
    await writeFile(
      join(folder, "limits.mjs"),
      `export default { ${SERVICE}, ...${JSON.stringify(entries(4, 4))}, port: 7 };`,
    );
    await writeFile(join(folder, "limits.json"), JSON.stringify(entries(3, 3)));
    const variables = { SPILLWAY_DRAIN_TIMEOUT: "2ms", SPILLWAY_WRITE_TIMEOUT: "2ms", SPILLWAY_CONFIG: "limits.json" };
    const { service, settings } = await printed(["./limits.mjs", "--drain-timeout", "1ms"], variables);
    expect(service).toBe("./limits.mjs");
    expect(settings).toMatchObject({
      drainTimeoutMs: { value: 1, from: "--drain-timeout" },
      writeTimeoutMs: { value: 2, from: "SPILLWAY_WRITE_TIMEOUT" },
      frameTimeoutMs: { value: 3, from: "limits.json" },
      idleTimeoutMs: { value: 4, from: "./limits.mjs" },
      handlerTimeoutMs: { value: 30_000, from: "default" },
      lifetimeMs: { value: "off", from: "default" },
      port: { value: 7, from: "./limits.mjs" },
      hostname: { value: "127.0.0.1", from: "default" },
      slowConsumer: { value: "reset", from: "default" },
    });
  });

  it.each([
    ["compute", ["codec", "prefix", "pool", "compute"]],
    ["echo", ["delayMs", "pool", "compute"]],
    ["./limits.mjs", ["delayMs", "codec", "prefix", "maxFrameBytes", "pool", "compute"]],
  ])("shows for %s every setting that applies, and no other", async (name, others) => {
    await writeFile(join(folder, "limits.mjs"), `export default { ${SERVICE} };`);
    const { settings } = await printed([name]);
    // A setting without a default is shown when it is given.
    const expected = SETTINGS.filter((setting) => setting.fallback !== undefined).map((setting) => setting.name);
    expect(Object.keys(settings)).toEqual(expected.filter((key) => !others.includes(key)));
  });

  it.each([
    ["-p", "0"],
    ["--listen", "tls://[::1]:0", "--listen", "unix:/x,systemd", "--unix-mode", "060"],
  ])("prints what a configuration file may have: the values give the same again (%s %s)", async (...where) => {
    const options = ["--codec", "u16be", "--lifetime", "off", ...where, "--prefix", "> ", "--tls-alpn", "h2,x"];
    const first = await printed(["echo", ...options, "--deny", "10.0.0.0/8", "--tls-min-version", "1.3"]);
    const values = Object.fromEntries(Object.entries(first.settings).map(([name, { value }]) => [name, value]));
    await writeFile(join(folder, "again.json"), JSON.stringify(values));
    const second = await printed(["echo", "--config", "again.json"]);
    expect(Object.entries(second.settings)).toEqual(
      Object.entries(values).map(([name, value]) => [name, { value, from: "again.json" }]),
    );
  });

  it("shows where a service listens only by what the command line can say", async () => {
    const listen = "listen: [{ port: 0, establish: [(connection) => connection] }]";
    await writeFile(join(folder, "places.mjs"), `export default { ${SERVICE}, ${listen} };`);
    await writeFile(join(folder, "path.mjs"), `export default { ${SERVICE}, path: "/x", mode: 0o660 };`);
    const places = await printed(["./places.mjs"]);
    expect(Object.keys(places.settings).slice(0, 1)).toEqual(["unixMode"]);
    const path = await printed(["./path.mjs"]);
    expect(path.settings).not.toHaveProperty("port");
    expect(path.settings["unixMode"]).toEqual({ value: "660", from: "./path.mjs" });
    const port = await printed(["./path.mjs", "-p", "0"]);
    expect(port.settings).toMatchObject({ hostname: { value: "127.0.0.1", from: "default" }, port: { value: 0 } });
  });

  it("refuses a limit of the service that makes no sense", async () => {
    await writeFile(join(folder, "zero.mjs"), `export default { ${SERVICE}, idleTimeoutMs: 0 };`);
    const { code, err } = await ranToEnd(["serve", "--print-config", "./zero.mjs"], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toMatch(/^spillway: \.\/zero\.mjs: idleTimeoutMs must be more than 0 ms[^\n]*\n$/);
  });
});

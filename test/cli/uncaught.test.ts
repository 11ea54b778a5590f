// Errors of a service that nobody can catch.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

const started: CliProcess[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(async () => {
  for (const cli of started) cli.kill();
  await rm(folder, { recursive: true });
});

/** Serves, holds one line, and causes a fault with another. Gives the log when the process has ended. */
async function afterFault(fault: string, ...args: string[]): Promise<string> {
  const cli = new CliProcess("serve", "./uncaught.mjs", "--port", "0", ...args);
  started.push(cli);
  const port = await cli.ready();
  const held = new LineConnection(port);
  held.send("hold\n");
  await cli.logged(/holding\n/);
  const other = new LineConnection(port);
  other.send(`${fault}\n`);
  expect(await other.line()).toBe("soon");
  expect(await held.line()).toBe("held");
  for (const connection of [held, other]) connection.finish();
  expect(await cli.ended).toEqual({ code: 1, signal: null });
  return cli.stderr.replace("holding\n", "");
}

describe("an error that nobody catches", { concurrent: true }, () => {
  it("in a timer is logged with its stack; the server drains, and the process ends with 1", async () => {
    const log = await afterFault("timer");
    expect(log).toMatch(/ERR uncaught error: thrown in a timer\n {2}TypeError: thrown in a timer\n.*uncaught\.mjs/);
    expect(log).toContain("ERR draining because of an uncaught error\n");
    expect(log).toContain("drained, closed in order: 2, aborted: 0");
  });

  it("in a promise that nobody looks at is logged in JSON, with its cause", async () => {
    const log = await afterFault("detached", "--log-format", "json");
    const records = log
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ event }) => event)).toEqual([
      "listening",
      "uncaught-error",
      "uncaught-drain",
      "draining",
      "drained",
    ]);
    expect(records[1]).toMatchObject({
      level: "ERROR",
      message: "unhandled rejection: rejected, and nobody looks",
      kind: "unhandledRejection",
      cause: {
        name: "Error",
        stack: expect.stringContaining("uncaught.mjs") as unknown,
        cause: { name: "RangeError", message: "the reason" },
      },
    });
  });

  it.each([
    ["nothing", "unhandled rejection: undefined\n"],
    ["hostile", /uncaught error: (Error|an error that cannot be described)\n/],
  ])("is logged whatever it is: %s", async (fault, text) => {
    expect(await afterFault(fault)).toMatch(text);
  });

  it("is logged ten times; how many more there were is said at the end", async () => {
    const log = await afterFault("many");
    expect(log.match(/uncaught error: thrown in a timer\n/g)).toHaveLength(10);
    expect(log).toMatch(/ERR 15 more uncaught errors\n$/);
  });

  it("while the service is loaded is logged too, and ends the process with 1", async () => {
    const path = join(folder, "never.mjs");
    await writeFile(
      path,
      'setTimeout(() => { throw new Error("too early"); }, 0);\nawait new Promise((resolve) => setTimeout(resolve, 3_600_000));\n',
    );
    const cli = new CliProcess("serve", path, "--port", "0");
    started.push(cli);
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stdout).toBe("");
    expect(cli.stderr).toMatch(/ERR uncaught error: too early\n {2}Error: too early\n.*never\.mjs/);
  });
});

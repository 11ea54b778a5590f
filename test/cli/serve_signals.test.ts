// `serve({ signals: true })` in a program without the command line, in a process of its own.
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { ProgramProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

const started: ProgramProcess[] = [];

async function twoServers(...args: string[]) {
  const program = new ProgramProcess("two_servers.mjs", ...args);
  started.push(program);
  const [, ...ports] = await program.printed(/^listening on (\d+) and (\d+)\n/);
  const connections = ports.map((port) => new LineConnection(Number(port)));
  return { program, connections };
}

afterAll(() => {
  for (const program of started) program.kill();
});

// Windows has no signal that another process could handle: there, nothing outside can ask for a drain.
describe.skipIf(process.platform === "win32")("serve({ signals: true })", { concurrent: true }, () => {
  it.each(["SIGINT", "SIGTERM"] as const)("%s drains every server, and the program ends by itself", async (signal) => {
    const { program, connections } = await twoServers();
    for (const connection of connections) connection.send("1\n");
    await program.logged(/handling 1\nhandling 1\n/);
    program.signal(signal);
    for (const connection of connections) {
      expect(await connection.line()).toBe("held 1");
      connection.finish();
    }
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/\ndrained 1, aborted 0\ndrained 1, aborted 0\nlisteners left: 0\n$/);
  });

  it("a second signal aborts what remains", async () => {
    const { program, connections } = await twoServers();
    for (const connection of connections) connection.send("never\n");
    await program.logged(/handling never\nhandling never\n/);
    program.signal("SIGINT");
    await program.logged(/draining\ndraining\n/);
    program.signal("SIGTERM");
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/\ndrained 0, aborted 1\ndrained 0, aborted 1\nlisteners left: 0\n$/);
  });

  it("after the drain, a signal does what it does by default", async () => {
    const { program, connections } = await twoServers("stay");
    for (const connection of connections) connection.finish();
    program.signal("SIGTERM");
    await program.printed(/listeners left: 0\n/);
    program.signal("SIGTERM");
    expect(await program.ended).toEqual({ code: null, signal: "SIGTERM" });
  });
});

// The admin endpoint of the real command line.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

const TOKEN = "a-token-of-enough-characters";
const started: CliProcess[] = [];
let folder: string;
let tokenFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
  tokenFile = join(folder, "token");
  await writeFile(tokenFile, `${TOKEN}\n`);
});
afterAll(async () => {
  for (const cli of started) cli.kill();
  await rm(folder, { recursive: true });
});

/** Starts an echo with an endpoint, and returns both with their addresses. */
async function observed(...args: string[]): Promise<{ cli: CliProcess; port: number; url: string }> {
  const cli = new CliProcess("serve", "echo", "--port", "0", "--admin", "127.0.0.1:0", ...args);
  started.push(cli);
  const port = await cli.ready();
  await cli.logged(/the admin endpoint listens on http:/);
  const [, url = ""] = /listens on (http:\S+)/.exec(cli.stderr) ?? [];
  return { cli, port, url };
}

async function echoed(text: string, port: number): Promise<string> {
  const connection = new LineConnection(port);
  connection.send(text);
  connection.finish();
  return await connection.rest();
}

const authorized = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("spillway serve --admin", { concurrent: true }, () => {
  it("shows numbers, settings and readiness, and none of them is the token", async () => {
    const { cli, port, url } = await observed("--admin-token-file", tokenFile);
    expect(await echoed("one\ntwo\n", port)).toBe("one\ntwo\n");
    expect(await (await fetch(`${url}readyz`)).json()).toMatchObject({ status: "ready" });
    expect(await (await fetch(`${url}metrics`)).text()).toMatch(/^spillway_frames_received_total 2$/m);
    const config = await (await fetch(`${url}config`)).text();
    expect(JSON.parse(config)).toMatchObject({ settings: { admin: { value: "127.0.0.1:0", from: "--admin" } } });
    expect(config).not.toContain(TOKEN);
    cli.signal("SIGTERM");
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
  });

  it("shows whom the rules of --allow and --deny have refused", async () => {
    const { cli, port, url } = await observed("--allow", "127.0.0.0/8", "--deny", "127.0.0.1");
    expect(await echoed("one\n", port)).toBe("");
    await expect
      .poll(async () => await (await fetch(`${url}metrics`)).text())
      .toMatch(/^spillway_admission_refused_total\{admission="serve",reason="denied"\} 1$/m);
    expect(await (await fetch(`${url}stats`)).json()).toMatchObject({
      sources: { admission: { admitted: 0, refused: { denied: 1 } } },
    });
    cli.signal("SIGTERM");
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
  });

  it("changes the level of the log, and drains, for a client with the token", async () => {
    const { cli, port, url } = await observed("--admin-token-file", tokenFile);
    const level = { method: "PUT", body: JSON.stringify({ level: "debug" }) };
    expect((await fetch(`${url}log-level`, { ...level, headers: { "Content-Type": "application/json" } })).status).toBe(
      401,
    );
    expect((await fetch(`${url}log-level`, { ...level, headers: authorized })).status).toBe(200);
    expect(await echoed("x\n", port)).toBe("x\n");
    await cli.logged(/DBG connection 1 .* closed: remote-closed/);
    expect((await fetch(`${url}drain`, { method: "POST", headers: authorized })).ok).toBe(true);
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
  });

  it("is not ready while it drains, and answers until that is done", async () => {
    const { cli, port, url } = await observed("--grace", "30s");
    const connection = new LineConnection(port);
    connection.send("hi\n");
    await connection.line();
    cli.signal("SIGTERM");
    await cli.logged(/accepting stopped/);
    expect((await fetch(`${url}readyz`)).status).toBe(503);
    expect((await fetch(`${url}healthz`)).status).toBe(200);
    cli.signal("SIGTERM");
    await cli.ended;
    await connection.rest();
  });

  it("says that its place is taken, by which option, and what to do", async () => {
    const { url } = await observed();
    const place = url.slice("http://".length, -1);
    const cli = new CliProcess("serve", "echo", "--port", "0", "--admin", place);
    started.push(cli);
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stderr).toBe(
      `spillway: option '--admin': cannot listen on ${place}: the port is in use; stop the program that listens ` +
        "there, or choose another port with --admin (0 selects a free port)\n",
    );
  });

  it.each([
    [["--admin", "nowhere"], /write host:port, a port, or unix:\/path/],
    [["--admin", "127.0.0.1:99999"], /'--admin'/],
    [["--admin-token-file", "x"], /has no effect without --admin/],
    [["--admin", "0", "--admin-token-file", "/no/such/file"], /cannot be read/],
    [
      ["--admin", "0", "--admin-token-file", "only_main.mjs"],
      /^spillway: option '--admin-token-file': token must (have 16 to 1024|consist of visible ASCII) characters/,
    ],
  ])("refuses %j with a sentence, and exit code 2", async (args, message) => {
    const cli = new CliProcess("serve", "echo", "--port", "0", ...args);
    started.push(cli);
    expect(await cli.ended).toEqual({ code: 2, signal: null });
    expect(cli.stderr).toMatch(message);
    expect(cli.stderr.trim().split("\n").length).toBeLessThan(4);
  });
});

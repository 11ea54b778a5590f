// A log that nobody reads must not stop the server.
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

/** More than a pipe, a socket or a terminal takes, and than the log keeps. */
const LINES = 400;

const folder = mkdtempSync(path.join(tmpdir(), "spillway-stderr-"));
const started: CliProcess[] = [];

afterAll(() => {
  for (const cli of started) cli.kill();
  rmSync(folder, { recursive: true });
});

let pipes = 0;

function makePipe(): string {
  pipes += 1;
  const pipe = path.join(folder, String(pipes));
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  return pipe;
}

// The process holds the reading end itself, so that the pipe stays open and nobody reads it.
class BlockedPipe extends CliProcess {
  declare pipe: string;

  protected override launcher(): readonly string[] {
    this.pipe = makePipe();
    return ["bash", "-c", 'exec 3<>"$0"; exec "$@" 2>"$0"', this.pipe];
  }
}

/** The same for stdout, in a pipe that is full from the start. */
class FullPipe extends CliProcess {
  protected override launcher(): readonly string[] {
    const script = 'exec 3<>"$0"; head -c 65536 /dev/zero >&3; exec "$@" >"$0"';
    return ["bash", "-c", script, makePipe()];
  }
}

class BlockedSocket extends CliProcess {
  protected override launcher(): readonly string[] {
    const script = `import os, socket, sys
kept, given = socket.socketpair()
os.set_inheritable(kept.fileno(), True)
os.dup2(given.fileno(), 2)
os.execvp(sys.argv[1], sys.argv[1:])`;
    return ["python3", "-c", script];
  }
}

class HeldTerminal extends CliProcess {
  protected override launcher(): readonly string[] {
    const script = `exec 3<>"$0" 4>&1; printf -v command ' %q' "$@"; exec script -qec "exec$command >&4" /dev/null >"$0"`;
    return ["bash", "-c", script, makePipe()];
  }
}

/** Reads what is in a pipe, and what comes, until `pattern` fits. */
function readUntil(pattern: RegExp, descriptor: number): string {
  const buffer = new Uint8Array(65_536);
  const decoder = new TextDecoder();
  let text = "";
  while (!pattern.test(text))
    text += decoder.decode(buffer.subarray(0, readSync(descriptor, buffer)), { stream: true });
  return text;
}

// Elsewhere there is no /proc, or no pipe with a name.
describe.skipIf(process.platform !== "linux")("a server whose stderr is blocked", { concurrent: true }, () => {
  it.each([
    ["a pipe that nobody reads", BlockedPipe],
    ["a socket that nobody reads", BlockedSocket],
    ["a terminal that shows nothing", HeldTerminal],
  ])("answers while stderr is %s", async (_, Blocked) => {
    const cli = new Blocked("serve", "chatty.mjs", "--port", "0");
    started.push(cli);
    const connection = new LineConnection(await cli.ready());
    for (let i = 0; i < LINES; i += 1) connection.send(`${i}\n`);
    for (let i = 0; i < LINES; i += 1) expect(await connection.line()).toBe(`${i}`);
    connection.finish();
    expect(await connection.rest()).toBe("");
    if (Blocked === HeldTerminal) return;
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it.each([[[]], [["--workers", "1"]]])("answers while stdout is a pipe that nobody reads, with %j", async (flags) => {
    pipes += 1;
    const place = path.join(folder, `${pipes}.sock`);
    const cli = new FullPipe("serve", "echo", "--listen", `unix:${place}`, ...flags);
    started.push(cli);
    await cli.logged(flags.length > 0 ? /every worker is ready/ : /INF listening on/);
    const connection = new LineConnection(place);
    connection.send("a\n");
    expect(await connection.line()).toBe("a");
    connection.finish();
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("says how many lines were dropped when its pipe is read again", async () => {
    const cli = new BlockedPipe("serve", "chatty.mjs", "--port", "0", "--log-format", "json");
    started.push(cli);
    const connection = new LineConnection(await cli.ready());
    for (let i = 0; i < LINES; i += 1) connection.send(`${i}\n`);
    for (let i = 0; i < LINES; i += 1) expect(await connection.line()).toBe(`${i}`);
    const reader = openSync(cli.pipe, constants.O_RDONLY);
    const log = readUntil(/"event":"log-dropped".*\n/, reader);
    closeSync(reader);
    const lines = log.split("\n").filter((line) => line !== "");
    const dropped = JSON.parse(lines.at(-1) as string) as { lines: number };
    const kept = lines.filter((line) => line.includes("xxx")).length;
    expect(dropped.lines + kept).toBe(LINES);
    connection.finish();
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });
});

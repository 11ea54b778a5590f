import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type SystemdNotifier, systemdNotifier } from "../../src/cli/systemd_notify.ts";

let directory = "";
const ends: (() => void)[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "notify-"));
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(directory, { recursive: true, force: true });
});

const log = () => path.join(directory, "log");
const logged = () => (existsSync(log()) ? readFileSync(log(), "utf8").split("\n").slice(0, -1) : []);

/** A program of the name of the real one, which notes with what it was called. */
function install(script: string): void {
  const program = path.join(directory, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
}

function notifier(variables: object = {}): { notify: SystemdNotifier; reports: string[] } {
  const reports: string[] = [];
  const env = { NOTIFY_SOCKET: "/run/notify", PATH: `${directory}:/bin:/usr/bin`, LOG: log(), ...variables };
  const notify = systemdNotifier(env, 4711, (message) => reports.push(message));
  ends.push(() => void notify.close());
  return { notify, reports };
}

const NOTE = 'echo "$NOTIFY_SOCKET $*" >> "$LOG"';

// The program in the place of systemd's is a script of the shell.
describe.skipIf(process.platform === "win32")("what systemd is told", () => {
  it("is that the service is ready, and that it stops, in order, with its pid", async () => {
    // The first takes longer than the second.
    install(`case "$*" in *READY*) sleep 0.2;; esac; ${NOTE}`);
    const { notify, reports } = notifier();
    notify.ready();
    notify.stopping();
    await vi.waitFor(() => expect(logged()).toHaveLength(2), { timeout: 8_000 });
    expect(logged()).toEqual(["/run/notify --pid=4711 READY=1", "/run/notify --pid=4711 STOPPING=1"]);
    expect(reports).toEqual([]);
  });

  it.each([[{ NOTIFY_SOCKET: undefined }], [{ NOTIFY_SOCKET: "" }]])("is nothing with %o", async (variables) => {
    install(NOTE);
    const silent = notifier({ ...variables, WATCHDOG_USEC: "2000" });
    silent.notify.ready();
    silent.notify.stopping();
    const other = notifier();
    other.notify.ready();
    await vi.waitFor(() => expect(logged()).toHaveLength(1), { timeout: 8_000 });
    expect(logged()[0]).toContain("/run/notify");
  });

  it("is that it lives, from the moment when it is ready until the end", async () => {
    install(NOTE);
    const { notify } = notifier({ WATCHDOG_USEC: "20000", WATCHDOG_PID: "4711" });
    notify.ready();
    await vi.waitFor(() => expect(logged().length).toBeGreaterThan(3), { timeout: 8_000 });
    notify.stopping();
    const afterStop = () => logged().slice(logged().findIndex((line) => line.includes("STOPPING=1")) + 1);
    await vi.waitFor(() => expect(logged().join()).toContain("STOPPING=1"), { timeout: 8_000 });
    await vi.waitFor(() => expect(afterStop().length).toBeGreaterThan(0), { timeout: 8_000 });
    await notify.close();
    const [first, ...rest] = logged();
    expect(first).toContain("READY=1");
    expect(new Set(rest)).toEqual(new Set(["/run/notify --pid=4711 WATCHDOG=1", "/run/notify --pid=4711 STOPPING=1"]));
  });

  it.each([
    [{ WATCHDOG_USEC: "2000", WATCHDOG_PID: "4712" }],
    [{ WATCHDOG_USEC: "0" }],
    [{ WATCHDOG_USEC: "-2000" }],
    [{ WATCHDOG_USEC: "often" }],
    [{ WATCHDOG_USEC: "" }],
    [{}],
  ])("is not that it lives with %o: nobody watches this process", async (variables) => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    ends.push(() => vi.useRealTimers());
    install(NOTE);
    const { notify } = notifier(variables);
    notify.ready();
    expect(vi.getTimerCount()).toBe(0);
    notify.stopping();
    await vi.waitFor(() => expect(logged()).toHaveLength(2), { timeout: 8_000 });
  });

  it.each([
    ["is not installed", undefined, /ENOENT|not found/i],
    ["fails", "exit 3", /exited with 3/],
    ["is killed", "kill -9 $$", /ended by SIGKILL|exited with 137/],
  ])("is not told when systemd-notify %s, which is reported once", async (_what, script, why) => {
    if (script !== undefined) install(`echo called >> "$LOG"; ${script}`);
    const { notify, reports } = notifier(script === undefined ? { PATH: directory } : {});
    notify.ready();
    notify.stopping();
    await vi.waitFor(() => expect(reports).toHaveLength(1), { timeout: 8_000 });
    if (script !== undefined) await vi.waitFor(() => expect(logged()).toHaveLength(2), { timeout: 8_000 });
    expect(reports).toEqual([expect.stringMatching(/^systemd cannot be notified: /)]);
    expect(reports[0]).toMatch(why);
  });

  const real = ["systemd-notify", "python3"].every((program) => spawnSync(program, ["--version"]).status === 0);
  // Only where systemd is installed, and Python, which can receive datagrams.
  it.skipIf(!real)("reaches a socket as systemd has it", { timeout: 60_000 }, async () => {
    const socket = path.join(directory, "notify.sock");
    const receive = [
      "import socket, sys",
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
      "s.bind(sys.argv[1])",
      "print('bound', flush=True)",
      // The descriptor that comes with a barrier is closed at once: its sender waits for that.
      "while True: print(repr(s.recv(4096)), flush=True)",
    ].join("\n");
    const receiver = spawn("python3", ["-c", receive, socket], { stdio: ["ignore", "pipe", "inherit"] });
    ends.push(() => void receiver.kill());
    const lines: string[] = [];
    const read = createInterface(receiver.stdout);
    read.on("line", (line) => lines.push(line));
    await once(read, "line");
    const reports: string[] = [];
    const notify = systemdNotifier(
      { PATH: process.env["PATH"], NOTIFY_SOCKET: socket, WATCHDOG_USEC: "100000" },
      process.pid,
      (message) => reports.push(message),
    );
    ends.push(() => void notify.close());
    notify.ready();
    await vi.waitFor(() => expect(lines.join()).toContain("WATCHDOG=1"), { timeout: 20_000 });
    notify.stopping();
    await vi.waitFor(() => expect(lines.join()).toContain("STOPPING=1"), { timeout: 20_000 });
    expect(lines[1]).toBe(`b'MAINPID=${process.pid}\\nREADY=1'`);
    expect(reports).toEqual([]);
  });
});

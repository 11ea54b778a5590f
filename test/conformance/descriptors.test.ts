import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown };

/** The command line that runs Spillway's CLI on this runtime. */
function cli(): string[] {
  if (Deno !== undefined) return [process.execPath, "run", "-A", "src/main.ts"];
  if (Bun !== undefined) return [process.execPath, "run", "src/main.ts"];
  return [process.execPath, "dist/main.js"];
}

/** Connects and asks; fulfils with the socket once it was answered, or with undefined when it was turned away. */
function ask(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => socket.write("hello\n"));
    socket.once("data", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
  });
}

// A limit of open files for one process needs a POSIX shell.
describe.skipIf(process.platform === "win32")("out of file descriptors", () => {
  it("the server lives on, and accepts again when some are free", { timeout: 60_000 }, async () => {
    const limited = ["-c", 'ulimit -n 90; exec "$0" "$@"', ...cli(), "serve", "echo", "--port", "0"];
    const child = spawn("sh", limited, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    const exited = once(child, "exit");
    const [ready] = (await once(createInterface(child.stdout), "line")) as [string];
    const port = Number(/:(\d+) /.exec(ready)?.[1]);

    const answered: Socket[] = [];
    const attempts = Array.from({ length: 150 }, () => ask(port));
    for (const attempt of attempts) void attempt.then((socket) => socket && answered.push(socket));
    // The server answers as many as it has descriptors for; the rest waits or is turned away.
    await Promise.all(attempts.slice(0, 20));
    expect(answered.length).toBeGreaterThanOrEqual(20);
    expect(child.exitCode).toBeNull();

    for (const socket of answered) socket.destroy();
    let newcomer: Socket | undefined;
    while (newcomer === undefined && child.exitCode === null) newcomer = await ask(port);
    newcomer?.destroy();
    child.kill("SIGTERM");
    for (const attempt of attempts) void attempt.then((socket) => socket?.destroy());
    const [code] = await exited;
    expect(code).toBe(0);
  });
});

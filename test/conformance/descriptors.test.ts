import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RUNTIME } from "../cli/support/runtime.ts";
import { eventually } from "./support/platform.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** More than a runtime opens for itself, less than the crowd needs. */
const LIMIT = 90;

/** A connection that asks at once. */
function ask(port: number, onAnswer: () => void): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("connect", () => socket.write("hello\n"));
  socket.on("data", onAnswer);
  // Turned away, or cut off: what is asked here is who is answered.
  socket.on("error", () => {});
  return socket;
}

/** Asks again while it is turned away and the server lives: Node does that to who comes before descriptors are free. */
async function askUntilAnswered(port: number, server: ChildProcess): Promise<void> {
  const heard = { answer: false };
  while (!heard.answer && server.exitCode === null && server.signalCode === null) {
    const socket = ask(port, () => {
      heard.answer = true;
      socket.destroy();
    });
    await new Promise((resolve) => socket.once("close", resolve));
  }
}

// A limit of open files for one process needs a POSIX shell.
describe.skipIf(process.platform === "win32")("out of file descriptors", () => {
  it("the server lives on, and accepts again when some are free", { timeout: 60_000 }, async () => {
    const limited = ["-c", `ulimit -n ${LIMIT}; exec "$0" "$@"`, ...RUNTIME.command, "serve", "echo", "--port", "0"];
    const child = spawn("sh", limited, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    const exited = once(child, "exit");
    try {
      const [ready] = (await once(createInterface(child.stdout), "line")) as [string];
      const port = Number(/:(\d+) /.exec(ready)?.[1]);

      let answers = 0;
      const crowd = Array.from({ length: 150 }, () => ask(port, () => answers++));
      // The server answers as many as it has descriptors for; the rest waits or is turned away.
      await eventually(() => answers >= 40);
      expect(child.exitCode).toBeNull();
      // A second question to all that were answered takes longer than the rest of the crowd would need.
      const first = answers;
      for (const socket of crowd) socket.write("again\n");
      await eventually(() => answers >= 2 * first);
      expect(answers).toBeLessThan(2 * LIMIT);

      const answered = askUntilAnswered(port, child);
      for (const socket of crowd) socket.destroy();
      await answered;
      // Not child.kill(): after that, Deno reports the signal even of a child that exits by itself.
      process.kill(child.pid as number, "SIGTERM");
      const [code, signal] = await exited;
      expect({ code, signal }).toEqual({ code: 0, signal: null });
    } finally {
      child.kill("SIGKILL");
    }
  });
});

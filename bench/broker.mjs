// @ts-check
// A broker of the bench, in a folder of its own.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { started } from "./children.mjs";

/** @typedef {"nats" | "redis"} BrokerKind */

/** @type {Record<BrokerKind, (port: string, folder: string) => [string, string[]]>} */
const COMMANDS = {
  nats: (port) => ["nats-server", ["-a", "127.0.0.1", "-p", port]],
  redis: (port, folder) => ["redis-server", ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", ""]],
};
const START_MS = 5_000;

export class Broker {
  /**
   * @param {BrokerKind} kind
   * @returns {Promise<Broker | undefined>} nothing where it is not installed
   */
  static async start(kind) {
    const port = await freePort();
    const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-bench-"));
    const [program, args] = COMMANDS[kind](String(port), folder);
    const child = spawn(program, args, { stdio: "ignore" });
    const broker = new Broker(`${kind}://127.0.0.1:${port}`, folder, child);
    const missing = new Promise((resolve) => child.once("error", () => resolve(true)));
    const there = await Promise.race([missing.then(() => false), accepts(port)]);
    if (there) return broker;
    broker.kill();
    return undefined;
  }

  /** @param {string} url @param {string} folder @param {import("node:child_process").ChildProcess} child */
  constructor(url, folder, child) {
    this.url = url;
    this.folder = folder;
    this.child = child;
    started.add(this);
  }

  kill() {
    started.delete(this);
    this.child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** Whether it accepts connections, as soon as it does. @param {number} port @returns {Promise<boolean>} */
async function accepts(port) {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    const connected = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (connected) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

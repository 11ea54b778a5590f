// @ts-check
// A broker for the bench, which ends with it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { started } from "../children.mjs";
import { scriptUnderTest } from "../script_under_test.mjs";

export class BrokerProcess {
  /**
   * Starts a broker. Fulfils with undefined where its program is not installed.
   *
   * @param {"redis" | "nats" | "local"} name
   * @param {import("../../scripts/runtimes.mjs").Runtime} runtime of the hub
   */
  static async start(name, runtime) {
    const folder = mkdtempSync(path.join(tmpdir(), "spillway-bench-"));
    const broker = new BrokerProcess(folder);
    if (name === "local") {
      const hub = path.join(folder, "hub.sock");
      return (await broker.#run(scriptUnderTest(runtime, "buses/hub.mjs", { args: [hub] }), hub)) ? broker : undefined;
    }
    const port = await freePort();
    const args =
      name === "redis"
        ? ["--port", `${port}`, "--save", "", "--dir", folder]
        : ["--addr", "127.0.0.1", "--port", `${port}`];
    const command = { command: `${name}-server`, args };
    return (await broker.#run(command, `${name}://127.0.0.1:${port}`, "ready")) ? broker : undefined;
  }

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    this.address = "";
  }

  /** @param {import("../../scripts/commands.mjs").Command} command @param {string} address @param {string} [word] that it says */
  async #run({ command, args }, address, word = "ready") {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.address = address;
    this.child = child;
    started.add(this);
    return new Promise((resolve) => {
      const look = (/** @type {Buffer} */ text) => text.toString().toLowerCase().includes(word) && resolve(true);
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      child.once("error", () => resolve(false));
      child.once("close", () => resolve(false));
    });
  }

  kill() {
    this.child?.kill("SIGKILL");
    started.delete(this);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

// @ts-check
// Do probes turn at the right moments of a drain?
import { connect } from "node:net";
import { until } from "./operated_server.mjs";

/** @typedef {import("./operated_server.mjs").OperatedServer} OperatedServer */

const SOON_MS = 5_000;

/** A connection that exchanges lines. */
export class Exchange {
  #received = "";
  isOver = false;

  /** @param {number} port */
  constructor(port) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("utf8").on("data", (/** @type {string} */ text) => (this.#received += text));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => (this.isOver = true));
  }

  /** Whether a line comes back. @param {string} line */
  async says(line) {
    this.#received = "";
    this.socket.write(`${line}\n`);
    return (await until(() => this.#received !== "" || this.isOver, SOON_MS)) && this.#received === `${line}\n`;
  }
}

/**
 * Sends SIGTERM to a server with a grace period, while probes are asked all the time. `/readyz` must turn with the signal, while a
 * connection still works; `/healthz` must say 200 as long as it is answered at all, which is to the end.
 *
 * @param {OperatedServer} server with `--grace`
 * @returns {Promise<string[]>} what turned too early or too late
 */
export async function watchDrain(server) {
  /** @type {string[]} */
  const wrong = [];
  const say = (/** @type {boolean} */ holds, /** @type {string} */ what) => {
    if (!holds) wrong.push(what);
  };
  const exchange = new Exchange(server.port);
  say(await exchange.says("before"), "the connection does not work before the drain");
  say((await probe(server, "/readyz")) === 200, "/readyz is not 200 before the drain");
  server.terminate();
  const stopped = await until(() => server.logged("accepting-stopped").length > 0, SOON_MS);
  say(stopped, "accepting did not stop");
  // The log line comes through a pipe: from it on there is no excuse.
  say((await probe(server, "/readyz")) === 503, "/readyz is not 503 although accepting has stopped");
  say(await exchange.says("during"), "the connection does not work during the grace period");
  say((await probe(server, "/healthz")) === 200, "/healthz is not 200 during the grace period");
  /** @type {Set<string>} */
  const seen = new Set();
  let last = 0;
  await until(async () => {
    const [health, ready] = await Promise.all([probe(server, "/healthz"), probe(server, "/readyz")]);
    if (health !== 0 && health !== 200) seen.add(`/healthz ${health}`);
    if (ready !== 0 && ready !== 503) seen.add(`/readyz ${ready}`);
    if (health === 200) last = performance.now();
    return server.isOver;
  }, 30_000);
  const code = await server.ended;
  const afterLast = performance.now() - last;
  say(seen.size === 0, `during the drain: ${[...seen].join(", ")}`);
  say(code === 0, `the server ended with ${code}`);
  say(server.logged("drained").length === 1, "the server did not say that it has drained");
  // Within a second, the endpoint closes and the process ends.
  say(afterLast < 2_500, `/healthz was not answered for ${Math.round(afterLast)} ms before the end`);
  exchange.socket.destroy();
  return wrong;
}

/** @param {OperatedServer} server @param {string} path @returns {Promise<number>} 0 if nobody answers */
async function probe({ url }, path) {
  try {
    const response = await fetch(url + path, { headers: { Connection: "close" } });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

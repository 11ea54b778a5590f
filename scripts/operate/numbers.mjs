// @ts-check
// Do all say the same: the load generator, /metrics, /stats, /connections, /closed, the log, the access log and the dashboard?
import { spawn } from "node:child_process";
import path from "node:path";
import { root } from "../commands.mjs";
import { until } from "./operated_server.mjs";

/** @typedef {import("./operated_server.mjs").OperatedServer} OperatedServer */
/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {Pick<import("../runtimes.mjs").Runtime, "command">} Runtime */
/** @typedef {"framesIn" | "framesOut" | "bytesIn" | "bytesOut"} Count */
/** @typedef {{ errorCount: number, errors: unknown, latencyMs: { count: number } }} Bench the result of `spillway bench` */
/** @typedef {Record<string, unknown>} Told what one place says, by name */

const SETTLE_MS = 10_000;
/** How far the histogram of handlers, which are sampled, may be from the number of frames. */
const HANDLER_SLACK = 0.01;
const HANDLER_LEAST = 100;

/**
 * Loads a server with `spillway bench`, with its dashboard open. During the load all must see the connections; after it, all
 * must have the same sums.
 *
 * @param {{ server: OperatedServer, runtime: Runtime, page?: Page | undefined, seconds: number, connections: number, settleMs?: number }} given
 * @returns {Promise<string[]>} what does not agree
 */
export async function compareNumbers({ server, runtime, page, seconds, connections, settleMs = SETTLE_MS }) {
  /** @type {string[]} */
  const wrong = [];
  const load = startBench(server.port, { runtime, seconds, connections });
  const open = async () => ({
    stats: (await server.stats()).server.connections,
    connections: (await server.connections("limit=1")).total,
    metrics: metricOf(await metricsOf(server), "spillway_connections_open"),
    ...(page && { page: await figure(page) }),
  });
  /** @type {Told} */
  let seen = {};
  const all = await until(async () => {
    seen = await open();
    return agree(seen, connections);
  }, seconds * 1_000);
  if (!all) wrong.push(`during the load, of ${connections} connections: ${JSON.stringify(seen)}`);
  const bench = await load;
  if (bench.errorCount !== 0) wrong.push(`bench: ${JSON.stringify(bench.errors)}`);
  const none = await until(async () => {
    seen = await open();
    return agree(seen, 0);
  }, settleMs);
  if (!none) wrong.push(`after the load, of no connection: ${JSON.stringify(seen)}`);
  const ended = await until(() => server.accessed().length === connections, settleMs);
  if (!ended) wrong.push(`the access log has ${server.accessed().length} lines for ${connections} connections`);
  return [...wrong, ...(await compareSums(server, bench, { page, connections }))];
}

/**
 * @param {OperatedServer} server
 * @param {Bench} bench
 * @param {{ page: Page | undefined, connections: number }} given
 */
async function compareSums(server, bench, { page, connections }) {
  const { server: stats, ends } = await server.stats();
  const metrics = await metricsOf(server);
  const metric = (/** @type {string} */ name) => metricOf(metrics, name);
  const lines = server.accessed();
  const logged = server.logged("connection-closed");
  /** @type {[string, number | undefined, Told][]} */
  const sums = [
    [
      "frames received",
      // Without a warm-up, every frame that was sent is timed.
      bench.latencyMs.count,
      {
        stats: stats.framesIn,
        metrics: metric("spillway_frames_received_total"),
        access: sum(lines, "framesIn"),
        log: sum(logged, "framesIn"),
      },
    ],
    [
      "frames sent",
      bench.latencyMs.count,
      {
        stats: stats.framesOut,
        metrics: metric("spillway_frames_sent_total"),
        access: sum(lines, "framesOut"),
        log: sum(logged, "framesOut"),
      },
    ],
    [
      "bytes received",
      sum(lines, "bytesIn"),
      { stats: stats.bytesIn, metrics: metric("spillway_received_bytes_total") },
    ],
    ["bytes sent", sum(lines, "bytesOut"), { stats: stats.bytesOut, metrics: metric("spillway_sent_bytes_total") }],
    [
      "connections that the peer closed",
      connections,
      {
        stats: ends["remote-closed"],
        metrics: metric('spillway_connections_closed_total{reason="remote-closed"}'),
        closed: await server.closed("remote-closed"),
        access: lines.filter(({ reason }) => reason === "remote-closed").length,
        log: logged.filter(({ reason }) => reason === "remote-closed").length,
        ...(page && { page: await reasonOnPage(page, connections) }),
      },
    ],
    [
      "connections that were accepted",
      connections,
      { stats: stats.accepted, metrics: metric("spillway_connections_accepted_total") },
    ],
  ];
  const wrong = sums
    .filter(([, expected, told]) => !agree(told, expected))
    .map(([name, expected, told]) => `${name}: ${expected}, but ${JSON.stringify(told)}`);
  const frames = bench.latencyMs.count;
  const handled = metric("spillway_handler_seconds_count") ?? Number.NaN;
  // Handlers are timed by samples.
  const close = Math.abs(handled - frames) <= HANDLER_SLACK * frames + HANDLER_LEAST;
  return close ? wrong : [...wrong, `frames handled: ${frames}, but ${handled} in the histogram`];
}

/** @param {readonly Record<Count, number>[]} records @param {Count} name */
function sum(records, name) {
  return records.reduce((total, record) => total + record[name], 0);
}

/** @param {Told} told @param {unknown} expected */
function agree(told, expected) {
  return Object.values(told).every((value) => value === expected);
}

/**
 * @param {number} port
 * @param {{ runtime: Runtime, seconds: number, connections: number }} load
 * @returns {Promise<Bench>}
 */
function startBench(port, { runtime, seconds, connections }) {
  const { command, args } = runtime.command(path.join(root, "dist", "main.js"), [
    "bench",
    `127.0.0.1:${port}`,
    "--connections",
    `${connections}`,
    "--duration",
    `${seconds}s`,
    "--warm-up",
    "0s",
    "--json",
  ]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ more) => (text += more));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (text.startsWith("{")) resolve(/** @type {Bench} */ (JSON.parse(text)));
      else reject(new Error(`the bench ended with ${code}: ${text}`));
    });
  });
}

/** @param {OperatedServer} server */
async function metricsOf({ url }) {
  return (await fetch(`${url}/metrics`)).text();
}

/** @param {string} text @param {string} name with its labels */
function metricOf(text, name) {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

/** The number of connections on the dashboard. @param {Page} page */
async function figure(page) {
  const text = await page.$eval("[data-figure=connections]", (found) => found.textContent ?? "");
  return Number(text.replaceAll(/\D/g, "") || Number.NaN);
}

/** The number of ends by the peer on the dashboard, which asks once a second. @param {Page} page @param {number} expected */
async function reasonOnPage(page, expected) {
  let count = Number.NaN;
  await until(async () => {
    const items = await page.$$eval(".reasons li", (found) => found.map((item) => item.textContent ?? ""));
    const item = items.find((text) => text.startsWith("remote-closed")) ?? "";
    count = Number(item.replaceAll(/\D/g, "") || Number.NaN);
    return count === expected;
  }, SETTLE_MS);
  return count;
}

// @ts-check
// npm run operate: is a server under load what its operator sees, and can nobody else change it? On each runtime, with a real
// load generator, curl and a real browser. Exit code 1 when something does not hold.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Option } from "commander";
import { build } from "./build.mjs";
import { tryChanges } from "./operate/changes.mjs";
import { startChromium } from "./operate/chromium.mjs";
import { tryForeignPage } from "./operate/foreign_page.mjs";
import { compareNumbers } from "./operate/numbers.mjs";
import { OperatedServer } from "./operate/operated_server.mjs";
import { Exchange, watchDrain } from "./operate/probes.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { refuse, script, succeed, wholeNumber } from "./script.mjs";

/** @type {{ runtime?: import("./runtimes.mjs").RuntimeName, seconds: number, connections: number }} */
const options = script(
  "operate",
  "A server under load, with its dashboard open: do all numbers agree, and who can change it?",
)
  .addOption(new Option("--runtime <name>", "only this one").choices(runtimeNames))
  .option("--seconds <n>", "how long the load lasts on each", wholeNumber(1, 3_600), 15)
  .option("--connections <n>", "connections of the load", wholeNumber(1, 900), 500)
  .parse()
  .opts();

succeed(await build());
const chromium = (await startChromium()) ?? refuse("chromium is not installed");
let wrong = 0;
try {
  for (const name of runtimeNames) if ((options.runtime ?? name) === name) await operate(await findRuntime(name));
} finally {
  await chromium.close();
}
console.log(wrong === 0 ? "\nAll of it holds." : `\nDOES NOT HOLD: ${wrong}`);
process.exitCode = wrong === 0 ? 0 : 1;

/** @param {import("./runtimes.mjs").Runtime} runtime */
async function operate(runtime) {
  const { seconds, connections } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-operate-"));
  const { browser } = chromium;
  /** @type {OperatedServer[]} */
  const servers = [];
  const start = async (/** @type {string[]} */ ...args) => {
    const server = await OperatedServer.start(runtime, folder, args);
    servers.push(server);
    return server;
  };
  const check = async (/** @type {string} */ what, /** @type {() => Promise<string[]>} */ found) => {
    const complaints = await found();
    wrong += complaints.length;
    console.log(`${runtime.name} ${runtime.version}: ${what}: ${complaints.length === 0 ? "yes" : "NO"}`);
    for (const complaint of complaints) console.log(`  ${complaint}`);
  };
  try {
    const server = await start();
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForSelector('#live[data-state="live"]');
    await check("bench, /metrics, /stats, /connections, /closed, the logs and the dashboard agree", () =>
      compareNumbers({ server, runtime, page, seconds, connections }),
    );
    await page.close();
    const exchange = new Exchange(server.port);
    await exchange.says("here");
    const id = (await server.connections("limit=1")).connections[0]?.id ?? 0;
    await check("curl changes nothing without the token", () => tryChanges(server, id));
    await check("a page of another origin reads and changes nothing", () => tryForeignPage(server, browser, id));
    exchange.socket.destroy();
    await server.kill();
    const drained = await start("--grace", "2s");
    await check("probes turn at the right moments of a drain", () => watchDrain(drained));
  } finally {
    for (const server of servers) await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

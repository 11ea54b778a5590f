// @ts-check
// npm run docs:screenshots: the pictures of docs/operations.md, taken in Chromium of a live server under `spillway bench`.
// They show numbers of their moment, so nothing checks that they are up to date: take them again when the page changes.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { root } from "./commands.mjs";
import { refuse, script, wholeNumber } from "./script.mjs";

const program = script("docs:screenshots", "Takes the pictures of docs/operations.md.")
  .option("--chromium <file>", "the browser", "/usr/bin/chromium")
  .option("--seconds <number>", "how long the charts grow before", wholeNumber(5, 290), 100)
  .parse();
const { chromium, seconds } = /** @type {{ chromium: string, seconds: number }} */ (program.opts());

const WIDTH = 1_120;
const MOST_BYTES = 150_000;
const images = path.join(root, "docs", "images");
const main = path.join(root, "dist", "main.js");

/** @type {import("node:child_process").ChildProcess[]} */
const children = [];
const profile = mkdtempSync(path.join(os.tmpdir(), "spillway-screenshots-"));
/** @type {import("puppeteer-core").Browser | undefined} */
let browser;
try {
  mkdirSync(images, { recursive: true });
  await takeAll();
} finally {
  for (const child of children) child.kill("SIGKILL");
  // It keeps nothing, and an orderly end may take minutes.
  const pid = browser?.process()?.pid;
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
  await browser?.disconnect();
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

async function takeAll() {
  const service = path.join(root, "scripts", "screenshots", "service.mjs");
  const server = start(["serve", service, "--port", "0", "--admin", "127.0.0.1:0", "--log-format", "json"]);
  const [{ port: text }, { url = "" }] = await Promise.all([
    logged(server, /"event":"listening".*?"address":"127\.0\.0\.1:(?<port>\d+)"/),
    logged(server, /"event":"admin-listening".*?"address":"(?<url>[^"]+)"/),
  ]);
  const port = Number(text);
  const target = `127.0.0.1:${port}`;
  start(["bench", target, "--connections", "48", "--rate", "900", "--duration", `${seconds + 60}s`]);
  const troubles = setInterval(() => trouble(port), 700);

  browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"], userDataDir: profile });
  const light = await openPage(browser, url, "light");
  const dark = await openPage(browser, url, "dark");
  await sleep(seconds * 500);
  // A load that changes shows what the charts are for.
  start(["bench", target, "--connections", "30", "--rate", "700", "--duration", `${Math.ceil(seconds / 3)}s`]);
  await sleep(seconds * 500);
  await take(light, "dashboard_light");
  await take(dark, "dashboard_dark");
  await dark.close();
  await light.click("#tab-ended");
  await sleep(1_200);
  await takeElement(light, "#lists", "ended_light");
  await light.click("#tab-connections");
  await light.click("#connections button");
  await light.waitForSelector("#facts dd");
  await takeElement(light, "#details", "connection_light");
  clearInterval(troubles);
}

/** @param {string[]} args */
function start(args) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  return child;
}

/** Waits for a line of the log, and returns what its pattern names. @param {import("node:child_process").ChildProcess} child @param {RegExp} pattern */
function logged({ stderr }, pattern) {
  return new Promise((/** @type {(found: Record<string, string>) => void} */ resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error(`no ${pattern} within 10 s:\n${text}`)), 10_000);
    stderr?.on("data", (chunk) => {
      text += String(chunk);
      const found = pattern.exec(text)?.groups;
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
}

/** Peers as they are: some fail, some are cut off, one sends what is too large. @param {number} port */
function trouble(port) {
  const sent = ["hello\n", "hello\n", "half a li", `${"x".repeat(400)}\n`, "fail\n", "hello\n"];
  const text = sent[Math.floor(Math.random() * sent.length)] ?? "";
  const socket = net.connect(port, "127.0.0.1", () => {
    if (Math.random() < 0.2) socket.resetAndDestroy();
    else socket.end(text);
  });
  socket.on("error", () => undefined);
  socket.resume();
}

/** @param {import("puppeteer-core").Browser} browserOf @param {string} url @param {"light" | "dark"} scheme */
async function openPage(browserOf, url, scheme) {
  const page = await browserOf.newPage();
  await page.setViewport({ width: WIDTH, height: 900 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  await page.goto(url);
  await page.waitForSelector('#live[data-state="live"]');
  return page;
}

/** @param {import("puppeteer-core").Page} page @param {string} name */
async function take(page, name) {
  await page.bringToFront();
  await sleep(1_500);
  await page.screenshot({ path: fileOf(name), optimizeForSpeed: false });
  checkSize(name);
}

/** @param {import("puppeteer-core").Page} page @param {string} selector @param {string} name */
async function takeElement(page, selector, name) {
  const element = await page.$(selector);
  const box = await element?.boundingBox();
  if (element === null || box === undefined || box === null) refuse(`the page has no ${selector}`);
  const height = Math.min(box.height, 620);
  await page.screenshot({ path: fileOf(name), clip: { ...box, height }, captureBeyondViewport: true });
  checkSize(name);
}

/** @param {string} name */
function fileOf(name) {
  return /** @type {`${string}.png`} */ (path.join(images, `${name}.png`));
}

/** @param {string} name */
function checkSize(name) {
  const { size } = statSync(fileOf(name));
  if (size > MOST_BYTES) refuse(`${name}.png has ${size} bytes, and may have ${MOST_BYTES}`);
  console.log(`docs/images/${name}.png: ${Math.ceil(size / 1_000)} kB`);
}

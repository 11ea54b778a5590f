// @ts-check
// Debian's Chromium, through puppeteer-core.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import puppeteer from "puppeteer-core";
import { REBOUND_RULES } from "./foreign_page.mjs";

/** Starts it. @returns {Promise<{ browser: import("puppeteer-core").Browser, close(): Promise<void> } | undefined>} nothing if it is not installed */
export async function startChromium() {
  const profile = mkdtempSync(path.join(os.tmpdir(), "spillway-chromium-"));
  const child = spawn(
    "chromium",
    [
      "--headless=new",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--no-proxy-server",
      // Chromium's own sandbox does not run as root, as in a container.
      "--no-sandbox",
      `--host-resolver-rules=${REBOUND_RULES}`,
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const ended = new Promise((resolve) => child.on("close", resolve));
  /** @type {string | undefined} */
  const endpoint = await new Promise((resolve) => {
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ more) => {
      text += more;
      const found = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on("error", () => resolve(undefined));
    child.on("close", () => resolve(undefined));
  });
  const close = async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(profile, { recursive: true, force: true });
  };
  if (endpoint === undefined) {
    rmSync(profile, { recursive: true, force: true });
    return undefined;
  }
  const browser = await puppeteer.connect({ browserWSEndpoint: endpoint, defaultViewport: null });
  return {
    browser,
    close: async () => {
      await browser.disconnect();
      await close();
    },
  };
}

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import axe from "axe-core";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, afterEach, type TestContext } from "vitest";
import { runtime } from "../../support/child.ts";
import { RealProgram, type StartedProgram } from "../../support/real_program.ts";
import { root } from "../../support/tree.ts";

const chromium = new RealProgram("chromium", "chromium");

/** Where screenshots are kept. */
const screenshots = path.join(root, "tmp", "admin", runtime);

let profile: string | undefined;
let started: StartedProgram | undefined;
let browser: Browser | undefined;
const pages: Page[] = [];

afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});

afterAll(async () => {
  await browser?.disconnect();
  started?.child.kill("SIGKILL");
  await started?.ending;
  if (profile !== undefined) rmSync(profile, { recursive: true, force: true });
});

/** Starts Chromium once. Where it is not installed, see {@link RealProgram}. */
async function browserOf(context: TestContext): Promise<Browser> {
  if (browser !== undefined) return browser;
  profile ??= mkdtempSync(path.join(os.tmpdir(), "spillway-chromium-"));
  started = chromium.start(context, [
    "--headless=new",
    // Chromium's own sandbox does not run as root, as tests do in a container.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    "about:blank",
  ]);
  const browserWSEndpoint = await endpointOf(started);
  browser = await puppeteer.connect({ browserWSEndpoint, defaultViewport: null });
  return browser;
}

/** The address that Chromium prints, on which it takes commands. */
function endpointOf({ child, ending }: StartedProgram): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (chunk: string) => {
      text += chunk;
      const found = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ending.then(({ code }) => reject(new Error(`chromium ended with ${code}: ${text}`)), reject);
  });
}

/** A page of the dashboard, with what went wrong on it. */
export interface Dashboard {
  readonly page: Page;
  /** Errors of scripts, refusals by the content security policy, and other complaints of the browser. */
  readonly complaints: string[];
  /** The origins that were asked. */
  readonly origins: Set<string>;
}

export interface DashboardOptions {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** A path that cannot be loaded. */
  readonly without?: string;
}

export async function openDashboard(
  context: TestContext,
  url: string,
  { scheme = "light", width = 1_280, height = 900, without }: DashboardOptions = {},
): Promise<Dashboard> {
  const page = await (await browserOf(context)).newPage();
  pages.push(page);
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (message.type() !== "log") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => origins.add(new URL(request.url()).origin));
  if (without !== undefined) {
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      void (new URL(request.url()).pathname === without ? request.abort() : request.continue());
    });
  }
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  await page.goto(url);
  await page.waitForSelector('#live[data-state="live"]');
  return { page, complaints, origins };
}

export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}.png`) });
}

/** The text of an element. */
export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (found) => found.textContent.trim());
}

/** Returns the findings of axe that keep people from using the page. */
export async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    interface Violation {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const loaded = globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Violation[] }> } };
    const { violations } = await loaded.axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  });
}

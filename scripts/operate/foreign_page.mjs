// @ts-check
// Checks that a page of another origin can do nothing with the endpoint, in the browser of a user who may reach it.
import { createServer } from "node:http";
import { whatChanged } from "./changes.mjs";
import { TOKEN } from "./operated_server.mjs";

/** @typedef {import("./operated_server.mjs").OperatedServer} OperatedServer */
/** @typedef {import("puppeteer-core").Browser} Browser */

/** A name that leads to this machine, as after DNS rebinding: see {@link REBOUND_RULES}. */
const REBOUND = "rebound.example";
/** How long a refusal may take. */
const REBOUND_MS = 3_000;
export const REBOUND_RULES = `MAP ${REBOUND} 127.0.0.1`;

/**
 * Opens a page of another port, and one of a foreign name that leads to the endpoint, and lets their scripts try.
 *
 * @param {OperatedServer} server which has the connection `id`
 * @param {Browser} browser started with {@link REBOUND_RULES}
 * @param {number} id
 * @returns {Promise<string[]>} what was read or changed
 */
export async function tryForeignPage(server, browser, id) {
  const foreign = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end('<!doctype html><title>foreign</title><iframe name="hole"></iframe>');
  });
  await new Promise((resolve) => foreign.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (foreign.address());
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${address.port}/`);
    const read = await page.evaluate(attack, server.url, id, TOKEN);
    await page.goto("about:blank");
    return [...read, ...(await tryRebound(server, page)), ...(await whatChanged(server, id))];
  } finally {
    await page.close();
    foreign.closeAllConnections();
    await new Promise((resolve) => foreign.close(() => resolve(undefined)));
  }
}

/**
 * Runs within the page. It even knows the token, which no foreign page does: the origin alone must be enough.
 *
 * @param {string} url
 * @param {number} id
 * @param {string} token
 * @returns {Promise<string[]>}
 */
async function attack(url, id, token) {
  /** @type {string[]} */
  const read = [];
  const routes = [
    "/stats",
    "/connections",
    "/config",
    "/closed",
    "/metrics",
    "/healthz",
    "/readyz",
    `/connections/${id}`,
  ];
  for (const route of routes) {
    for (const mode of /** @type {const} */ (["cors", "no-cors"])) {
      try {
        const response = await fetch(url + route, { mode, credentials: "include" });
        const text = await response.text();
        if (text !== "" || response.status !== 0)
          read.push(`${mode} ${route}: ${response.status} ${text.slice(0, 80)}`);
      } catch {
        // The browser does not let the page see it.
      }
    }
  }
  /** @type {[string, string, RequestInit][]} */
  const changes = [
    ["POST", "/drain", { mode: "no-cors", body: "{}" }],
    ["POST", "/drain", { mode: "no-cors", body: new URLSearchParams({ force: "true" }) }],
    [
      "POST",
      "/drain",
      { headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }, body: "{}" },
    ],
    ["PUT", "/log-level", { headers: { Authorization: `Bearer ${token}` }, body: '{"level":"error"}' }],
    ["DELETE", `/connections/${id}`, { headers: { Authorization: `Bearer ${token}` } }],
    ["DELETE", `/connections/${id}?reset`, {}],
  ];
  for (const [method, route, init] of changes) {
    try {
      const response = await fetch(url + route, { method, ...init });
      if (response.status !== 0) read.push(`${method} ${route}: ${response.status}`);
    } catch {
      // As above.
    }
  }
  const form = Object.assign(document.createElement("form"), {
    action: `${url}/drain`,
    method: "post",
    target: "hole",
  });
  document.body.append(form);
  const answered = new Promise((resolve) =>
    document.querySelector("iframe")?.addEventListener("load", resolve, { once: true }),
  );
  form.submit();
  await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 2_000))]);
  navigator.sendBeacon(`${url}/drain`, "{}");
  const stream = new EventSource(`${url}/events`);
  /** @type {string} */
  const outcome = await new Promise((resolve) => {
    stream.onopen = () => resolve("open");
    stream.onmessage = () => resolve("message");
    stream.onerror = () => resolve("refused");
    setTimeout(() => resolve("silent"), 3_000);
  });
  stream.close();
  if (outcome !== "refused") read.push(`EventSource: ${outcome}`);
  /** @type {string} */
  const script = await new Promise((resolve) => {
    const element = Object.assign(document.createElement("script"), { src: `${url}/stats` });
    element.addEventListener("load", () => resolve("loaded"));
    element.addEventListener("error", () => resolve("refused"));
    document.body.append(element);
  });
  if (script !== "refused") read.push(`script: ${script}`);
  return read;
}

/** A foreign name leads to the endpoint: its page would be of the same origin. @param {OperatedServer} server @param {import("puppeteer-core").Page} page */
async function tryRebound({ url }, page) {
  const rebound = url.replace("127.0.0.1", REBOUND);
  /** @type {string[]} */
  const read = [];
  for (const route of ["/", "/stats", "/events", "/dashboard.js"]) {
    const response = await page
      .goto(rebound + route, { waitUntil: "domcontentloaded", timeout: REBOUND_MS })
      .catch(() => null);
    if (response === null) read.push(`${REBOUND}${route} did not answer: was the browser started with REBOUND_RULES?`);
    else if (response.status() !== 421) read.push(`${REBOUND}${route}: ${response.status()}`);
  }
  // This page has the origin of the endpoint, by its foreign name.
  const statuses = await page.evaluate(async (token) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const answers = [await fetch("/stats"), await fetch("/drain", { method: "POST", headers, body: "{}" })];
    return answers.map(({ status }) => status);
  }, TOKEN);
  if (statuses.some((status) => status !== 421)) read.push(`a script at ${REBOUND}: ${statuses.join(", ")}`);
  return read;
}

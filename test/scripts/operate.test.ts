// The checks of `npm run operate`, short, and on the runtime of the test; and that they find what does not hold.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, afterEach, describe, expect, it, type TestContext } from "vitest";
import { tryChanges } from "../../scripts/operate/changes.mjs";
import { startChromium } from "../../scripts/operate/chromium.mjs";
import { tryForeignPage } from "../../scripts/operate/foreign_page.mjs";
import { compareNumbers } from "../../scripts/operate/numbers.mjs";
import { OperatedServer } from "../../scripts/operate/operated_server.mjs";
import { Exchange, watchDrain } from "../../scripts/operate/probes.mjs";
import { RUNTIME } from "../cli/support/runtime.ts";

const SLOW = 120_000;
const LOAD = { seconds: 4, connections: 40 };

/** How a script is started on the runtime of the test. */
const runtime = {
  command(script: string, args: string[] = []) {
    const [command, ...before] = [...RUNTIME.program, script] as [string, ...string[]];
    return { command, args: [...before, ...args] };
  },
};

const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-operate-"));
const servers: OperatedServer[] = [];
const exchanges: Exchange[] = [];
let chromium: Awaited<ReturnType<typeof startChromium>>;

afterEach(async () => {
  for (const { socket } of exchanges.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.kill();
});
afterAll(async () => {
  await chromium?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function started(...args: string[]): Promise<OperatedServer> {
  const server = await OperatedServer.start(runtime, folder, args);
  servers.push(server);
  return server;
}

/** A server with an open connection, and the number of that. */
async function withConnection(): Promise<{ server: OperatedServer; id: number }> {
  const server = await started();
  const exchange = new Exchange(server.port);
  exchanges.push(exchange);
  expect(await exchange.says("here")).toBe(true);
  const { connections } = await server.connections("limit=1");
  return { server, id: connections[0]?.id ?? expect.unreachable() };
}

/** Skips the test where there is no Chromium; but CI installs it on Linux. */
async function browserOf(context: TestContext) {
  chromium ??= await startChromium();
  if (chromium !== undefined) return chromium.browser;
  if (process.env["CI"] === "true" && process.platform === "linux") throw new Error("chromium is not installed");
  context.skip("chromium is not installed");
}

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("an operator", () => {
  it(
    "sees the same numbers everywhere after a load",
    async (context) => {
      const server = await started();
      const page = await (await browserOf(context)).newPage();
      await page.goto(server.url);
      await page.waitForSelector('#live[data-state="live"]');
      expect(await compareNumbers({ server, runtime, page, ...LOAD })).toEqual([]);
      await page.close();
      // A connection that the load did not make is one too many.
      expect(await new Exchange(server.port).says("more")).toBe(true);
      const found = await compareNumbers({ server, runtime, seconds: 1, connections: 3, settleMs: 100 });
      expect(found.join("\n")).toMatch(/frames received: \d+, but/);
    },
    SLOW,
  );

  it("alone can change something: curl cannot, without the token", { timeout: SLOW }, async () => {
    const { server, id } = await withConnection();
    expect(await tryChanges(server, id)).toEqual([]);
    exchanges[0]?.socket.destroy();
    await expect.poll(async () => (await server.connections("limit=0")).total).toBe(0);
    expect((await tryChanges(server, id)).join("\n")).toMatch(/connection \d+ is gone/);
  });

  it("alone can look: a page of another origin cannot, in a real browser", { timeout: SLOW }, async (context) => {
    const { server, id } = await withConnection();
    expect(await tryForeignPage(server, await browserOf(context), id)).toEqual([]);
  });

  it("learns of a drain from the probes at the right moments", { timeout: SLOW }, async () => {
    expect(await watchDrain(await started("--grace", "1s"))).toEqual([]);
  });
});

// As above.
describe.skipIf(process.platform === "win32")("the check of foreign pages", () => {
  let careless: Server | undefined;
  afterEach(() => {
    careless?.closeAllConnections();
    careless?.close();
  });

  it("finds what an endpoint allows that looks at no origin", { timeout: SLOW }, async (context) => {
    const browser = await browserOf(context);
    const { server, id } = await withConnection();
    careless = createServer((request, response) => {
      response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
      response.setHeader("Access-Control-Allow-Credentials", "true");
      response.setHeader("Access-Control-Allow-Headers", "authorization, content-type");
      response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
      if (request.url === "/events") {
        response.setHeader("Content-Type", "text/event-stream");
        response.write("retry: 2000\n\n");
        return;
      }
      response.setHeader("Content-Type", "text/javascript");
      response.end("1;");
    });
    await new Promise<void>((resolve) => careless?.listen(0, "127.0.0.1", resolve));
    server.url = `http://127.0.0.1:${(careless.address() as AddressInfo).port}`;
    const found = (await tryForeignPage(server, browser, id)).join("\n");
    for (const what of [
      /^cors \/stats: 200/m,
      /^POST \/drain: 200/m,
      /^PUT /m,
      /^DELETE /m,
      /^EventSource: open/m,
      /^script: loaded/m,
      /^rebound\.example\/stats: 200/m,
    ]) {
      expect(found).toMatch(what);
    }
  });
});

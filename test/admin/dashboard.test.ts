// The dashboard in a real browser.
import type { Page } from "puppeteer-core";
import { describe, expect, it } from "vitest";
import { admin } from "../../src/admin/mod.ts";
import type { Group, ObservedServer, ServerStats, Session } from "../../src/core/mod.ts";
import { adminServed, TOKEN } from "./support/admin_served.ts";
import { type Dashboard, keepScreenshot, openDashboard, seriousIn, textOf } from "./support/browser.ts";

const SLOW = 60_000;

/** A server of fake connections, which only look busy. */
function fakeServer(count: number): ObservedServer {
  const sessions = Array.from({ length: count }, (_, at) => {
    const stats = {
      bytesIn: at,
      bytesOut: (at * 7_919) % 100_003,
      framesIn: at,
      framesOut: at,
      framesDropped: 0,
      ageMs: 1_000 * at,
      quietMs: at,
      waitingOutboundBytes: at % 10,
      framesInFlight: at % 3,
      groups: at % 2 === 0 ? ["even"] : [],
    };
    const remoteAddress = { hostname: `10.1.${at >> 8}.${at & 0xff}`, port: 40_000 };
    const connection = { id: at + 1, remoteAddress, localAddress: { hostname: "10.0.0.1", port: 80 } };
    return { connection, authenticating: false, stats: () => stats } as unknown as Session<never>;
  });
  const traffic = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, framesDropped: 0 };
  const stats = { connections: count, handlers: 0, groups: 1, ...traffic } as unknown as ServerStats;
  const groups = [{ name: "even", size: count / 2 }] as unknown as Group<never>[];
  const address = { hostname: "10.0.0.1", port: 80 };
  return {
    addresses: [address],
    state: "listening",
    sessions,
    groups,
    stats: () => stats,
    stopAccepting: () => undefined,
    shutdown: () => new Promise(() => undefined),
  };
}

/** Waits until the page has asked for the numbers so many times more. */
async function updates(page: Page, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    await page.waitForResponse((response) => new URL(response.url()).pathname === "/stats");
  }
}

function expectQuiet({ complaints, origins }: Dashboard, url: string): void {
  expect(complaints).toEqual([]);
  expect([...origins]).toEqual([url]);
}

describe("the dashboard", () => {
  it(
    "shows the numbers of the server, and asks nobody else",
    async (context) => {
      const served = await adminServed({}, { onConnect: (session) => session.join("everyone") });
      for (const line of ["a", "bb", "ccc"]) await served.connect(line);
      const lost = await served.connect();
      lost.abort();
      await expect.poll(() => served.server.stats().connections).toBe(3);
      const dashboard = await openDashboard(context, served.url);
      const { page } = dashboard;
      await expect.poll(() => textOf(page, "[data-figure=connections]")).toBe("3");
      expect(await textOf(page, "#phase")).toBe("Serving");
      expect(await textOf(page, "#addresses")).toBe(`127.0.0.1:${served.server.address.port}`);
      expect(await page.title()).toBe("3 · Spillway");
      await expect.poll(() => page.$$eval("#connections tr", (rows) => rows.length)).toBe(3);
      const rows = await page.$$eval("#connections tr", (found) =>
        found.map((row) => [...row.cells].map((cell) => cell.textContent)),
      );
      const sessions = [...served.server.sessions];
      expect(
        rows.map(([id, remote, , , framesIn, framesOut, bytesIn, bytesOut, waiting, inFlight, groups]) => [
          id,
          remote,
          framesIn,
          framesOut,
          bytesIn,
          bytesOut,
          waiting,
          inFlight,
          groups,
        ]),
      ).toEqual(
        sessions.map((session) => {
          const { bytesIn, bytesOut, framesIn, framesOut } = session.stats();
          const { id, remoteAddress } = session.connection;
          const remote = `${remoteAddress.hostname}:${remoteAddress.port}`;
          return [
            String(id),
            remote,
            `${framesIn}`,
            `${framesOut}`,
            `${bytesIn} B`,
            `${bytesOut} B`,
            "0 B",
            "0",
            "everyone",
          ];
        }),
      );
      expect(await textOf(page, ".reasons li")).toBe("connection-reset1");
      await page.click("#tab-ended");
      await expect
        .poll(() => page.$$eval("#ended .chip", (found) => found.map((chip) => chip.textContent)))
        .toEqual(["connection-reset"]);
      await page.click("#tab-groups");
      await expect
        .poll(() => page.$$eval("#groups td", (found) => found.map((cell) => cell.textContent)))
        .toEqual(["everyone", "3", ""]);
      // Choosing a group shows its members.
      await page.click("#groups button");
      expect(await page.$eval("#filter [name=group]", (field) => (field as HTMLInputElement).value)).toBe("everyone");
      expectQuiet(dashboard, served.url);
    },
    SLOW,
  );

  it(
    "shows frames and bytes per second, and percentiles of the histogram",
    async (context) => {
      let fast = 0;
      const text = async () => {
        fast += 100;
        const bucket = (bound: string, count: number) => `spillway_handler_seconds_bucket{le="${bound}"} ${count}\n`;
        return bucket("0.001", 0) + bucket("0.002", fast) + bucket("+Inf", fast);
      };
      const served = await adminServed({ metrics: { contentType: "text/plain", text } });
      const peer = await served.connect();
      const { page } = await openDashboard(context, served.url);
      const writer = peer.writable.getWriter();
      const talk = setInterval(() => void writer.write(new TextEncoder().encode("x\n")), 10);
      await expect
        .poll(async () => Number(await textOf(page, "[data-figure=framesIn]")), { timeout: 10_000 })
        .toBeGreaterThan(1);
      await expect.poll(() => textOf(page, "[data-figure=bytesIn]"), { timeout: 10_000 }).toMatch(/^[1-9]\d* B$/);
      await expect.poll(() => textOf(page, "[data-figure=p50]"), { timeout: 10_000 }).toBe("1.5 ms");
      expect(await textOf(page, "[data-figure=p99]")).toBe("2 ms");
      clearInterval(talk);
    },
    SLOW,
  );

  it(
    "closes a connection from the table, when the token is right",
    async (context) => {
      const served = await adminServed();
      const [first, second] = [await served.connect(), await served.connect()];
      const { page } = await openDashboard(context, served.url);
      await page.waitForSelector("#connections tr[data-id='1'] button");
      await page.click("#connections tr[data-id='1'] button");
      expect(await textOf(page, "#details-title")).toBe("Connection 1");
      await page.waitForSelector("#facts dd");
      await page.click("#close-connection");
      await page.waitForSelector("#token-dialog[open]");
      await page.type("#token-dialog input", "not-the-right-token");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#token-wrong:not([hidden])");
      expect(served.server.stats().connections).toBe(2);
      await page.type("#token-dialog input", TOKEN);
      await page.keyboard.press("Enter");
      await first?.close();
      await expect.poll(() => served.server.stats().connections).toBe(1);
      await expect.poll(() => textOf(page, "#details-title")).toBe("Connection 1 has ended");
      expect(await page.$eval("#close-connection", (button) => (button as HTMLButtonElement).disabled)).toBe(true);
      await page.keyboard.press("Escape");
      await expect.poll(() => page.$$eval("#connections tr", (rows) => rows.length)).toBe(1);

      // The token is kept for this tab.
      await page.click("#connections tr[data-id='2'] button");
      await page.waitForSelector("#facts dd");
      await page.click("#reset-connection");
      await second?.closed;
      await expect.poll(() => served.server.stats().connections).toBe(0);
      await expect.poll(() => textOf(page, "#no-connections")).toBe("No connection is open.");
      const kept = await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie]);
      expect(kept).toEqual([1, 0, ""]);
    },
    SLOW,
  );

  it(
    "drains the server only when that is confirmed",
    async (context) => {
      const served = await adminServed();
      const { page } = await openDashboard(context, served.url);
      await page.waitForSelector("#drain:not(:disabled)");
      await page.click("#drain");
      await page.click("#drain-dialog button[value=cancel]");
      expect((await served.get("/readyz")).status).toBe(200);
      await page.click("#drain");
      await page.click("#confirm-drain");
      await page.waitForSelector("#token-dialog[open]");
      await page.type("#token-dialog input", TOKEN);
      await page.click("#token-dialog button[value=use]");
      expect(await served.server.finished).toEqual({ drained: 0, aborted: 0 });
      await expect.poll(() => textOf(page, "#phase"), { timeout: 10_000 }).toBe("Drained");
      expect(await page.$eval("#drain", (button) => (button as HTMLButtonElement).disabled)).toBe(true);
    },
    SLOW,
  );

  it(
    "offers no changes where there is no token",
    async (context) => {
      const served = await adminServed({ token: undefined as never });
      await served.connect();
      const { page } = await openDashboard(context, served.url);
      await page.waitForSelector("#connections button");
      expect(await page.$eval("#drain", (button) => (button as HTMLButtonElement).disabled)).toBe(true);
      await page.click("#connections button");
      await page.waitForSelector("#facts dd");
      expect(await page.$$eval("#details footer button:disabled", (buttons) => buttons.length)).toBe(2);
    },
    SLOW,
  );

  it(
    "stays usable with 5,000 connections",
    async (context) => {
      const endpoint = admin({ listen: { port: 0 } });
      await endpoint.start();
      const server = fakeServer(5_000);
      const [address] = server.addresses;
      endpoint.observer({
        type: "listening",
        address: address as NonNullable<typeof address>,
        transport: "fake",
        server,
      });
      const url = `http://127.0.0.1:${endpoint.address.port}`;
      const dashboard = await openDashboard(context, url);
      const { page } = dashboard;
      const range = () => textOf(page, "#range");
      const first = () => textOf(page, "#connections tr td");
      await expect.poll(range).toBe("1–50 of 5,000");
      expect(await page.$$eval("#connections tr", (rows) => rows.length)).toBe(50);
      expect(await page.$$eval("*", (all) => all.length)).toBeLessThan(2_500);

      await page.click("th[data-key=bytesOut] button");
      const largest = [...server.sessions].toSorted((one, other) => other.stats().bytesOut - one.stats().bytesOut)[0];
      await expect.poll(first).toBe(String(largest?.connection.id));
      expect(await page.$eval("th[data-key=bytesOut]", (cell) => cell.ariaSort)).toBe("descending");
      await page.click("th[data-key=id] button");
      await page.keyboard.press("ArrowRight");
      await expect.poll(range).toBe("51–100 of 5,000");
      await expect.poll(first).toBe("51");
      await page.keyboard.press("/");
      await page.keyboard.type("10.1.19.1");
      await expect.poll(range).toBe("1–47 of 47 (5,000 in all)");
      await page.type("#filter [name=group]", "even");
      await expect.poll(range).toBe("1–23 of 23 (5,000 in all)");

      // The page answers at once: nothing that it does each second takes long.
      const late = await page.evaluate(async () => {
        const delays: number[] = [];
        for (let count = 0; count < 100; count += 1) {
          const begun = performance.now();
          await new Promise((resolve) => setTimeout(resolve, 20));
          delays.push(performance.now() - begun - 20);
        }
        return delays.toSorted((one, other) => one - other)[90];
      });
      expect(late).toBeLessThan(200);
      await keepScreenshot(page, "five_thousand");
      expectQuiet(dashboard, url);
      await endpoint.close();
    },
    SLOW,
  );

  it(
    "survives a restart of the server, and keeps its charts",
    async (context) => {
      const before = await adminServed();
      const { port } = before;
      for (let count = 0; count < 3; count += 1) await before.connect();
      const { page } = await openDashboard(context, before.url);
      await expect.poll(() => textOf(page, "[data-figure=connections]")).toBe("3");
      await page.evaluate(() => Object.assign(globalThis, { notReloaded: true }));
      // Two more samples, so that there is something to point at.
      await updates(page, 2);
      await before.endpoint.close();
      await page.waitForSelector('#live[data-state="lost"]');
      expect(await page.$eval("#notice", (notice) => (notice as HTMLElement).hidden)).toBe(false);

      const after = await adminServed({ listen: { port } });
      await after.connect();
      await page.waitForSelector('#live[data-state="live"]');
      await expect.poll(() => textOf(page, "[data-figure=connections]"), { timeout: 10_000 }).toBe("1");
      expect(await page.$eval("#notice", (notice) => (notice as HTMLElement).hidden)).toBe(true);
      expect(await page.evaluate(() => "notReloaded" in globalThis)).toBe(true);

      // The pointer over the chart shows what was, before the gap.
      const box = await (await page.$("#card-connections .u-over"))?.boundingBox();
      const seen = new Set<string>();
      for (let x = box?.width ?? 0; x > 0 && !seen.has("3"); x -= 2) {
        await page.mouse.move((box?.x ?? 0) + x, (box?.y ?? 0) + 20);
        seen.add(await textOf(page, "[data-figure=connections]"));
      }
      expect(seen).toContain("3");
    },
    SLOW,
  );

  it(
    "shows events as they come, until it is paused",
    async (context) => {
      const served = await adminServed();
      const { page } = await openDashboard(context, served.url);
      const texts = () => page.$$eval("#events li", (lines) => lines.map((line) => line.textContent));
      await page.keyboard.press("4");
      await expect.poll(async () => (await served.get("/stats")).json["admin"]).toMatchObject({ streams: 1 });
      await served.connect();
      await expect.poll(texts).toEqual([expect.stringMatching(/connection-opened#1 127\.0\.0\.1:\d+$/)]);
      await page.keyboard.press("p");
      expect(await textOf(page, "#pause")).toBe("Resume");
      await served.connect();
      await expect.poll(() => textOf(page, "#event-note")).toBe("paused, 1 not shown");
      expect((await texts()).length).toBe(1);
      await page.click("#pause");
      await served.connect();
      await expect.poll(texts).toEqual([expect.stringContaining("#3 "), expect.stringContaining("#1 ")]);
    },
    SLOW,
  );

  it(
    "shows the text of peers as text",
    async (context) => {
      const hostile = '<img src=x onerror="document.title=1"><script>alert(1)</script>';
      const served = await adminServed(
        { describe: () => hostile },
        {
          onConnect: (session) => session.join(hostile),
          handler: () => Promise.reject(new Error(hostile)),
          lingerTimeoutMs: 1,
        },
      );
      void served.connect();
      await expect.poll(async () => (await served.get("/closed")).json["total"]).toBe(1);
      const dashboard = await openDashboard(context, served.url);
      const { page } = dashboard;
      void served.connect();
      await page.click("#tab-ended");
      await expect
        .poll(() => page.$$eval("#ended tr", (rows) => rows.map((row) => row.textContent).join()))
        .toContain("<img");
      expect(await page.$$eval("img, main script", (found) => found.length)).toBe(0);
      expectQuiet(dashboard, served.url);
    },
    SLOW,
  );

  it(
    "has its figures also where the package of the charts is missing",
    async (context) => {
      const served = await adminServed();
      await served.connect();
      const { page } = await openDashboard(context, served.url, { without: "/assets/uplot.js" });
      await expect.poll(() => textOf(page, "[data-figure=connections]")).toBe("1");
      expect(await page.$$eval(".chart", (charts) => charts.filter((chart) => chart.checkVisibility()).length)).toBe(0);
      await page.waitForSelector("#connections button");
    },
    SLOW,
  );

  it(
    "is used with the keyboard",
    async (context) => {
      const served = await adminServed();
      await served.connect();
      const { page } = await openDashboard(context, served.url);
      const focus = () => page.evaluate(() => document.activeElement?.id);
      await page.keyboard.press("2");
      expect(await page.$eval("#panel-groups", (panel) => (panel as HTMLElement).hidden)).toBe(false);
      await page.focus("#tab-groups");
      await page.keyboard.press("ArrowRight");
      expect(await focus()).toBe("tab-ended");
      await page.keyboard.press("Home");
      expect(await focus()).toBe("tab-connections");
      await page.waitForSelector("#connections button");
      await page.focus("#connections button");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#details[open]");
      await page.keyboard.press("Escape");
      await page.waitForSelector("#details:not([open])");
      // The focus is where it was, also after the table was updated.
      await updates(page, 2);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("1");
      await page.keyboard.press("/");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("address");
    },
    SLOW,
  );

  it.for<[scheme: "light" | "dark", width: number]>([
    ["light", 1_280],
    ["dark", 1_280],
    ["light", 400],
    ["dark", 400],
  ])(
    "has nothing that axe-core finds serious: %s, %d pixels wide",
    { timeout: SLOW },
    async ([scheme, width], context) => {
      const served = await adminServed(
        { describe: () => ({ user: "ann" }) },
        {
          onConnect: (session) => session.join("everyone"),
          handler: (line) => (line === "bad" ? Promise.reject(new Error("no such user")) : line),
        },
      );
      for (const line of ["a", "b", "c"]) await served.connect(line);
      void served.connect("bad");
      const dashboard = await openDashboard(context, served.url, { scheme, width });
      const { page } = dashboard;
      for (const tab of ["events", "groups", "ended", "connections"]) {
        await page.click(`#tab-${tab}`);
        await expect.poll(() => page.$$eval(`#panel-${tab}`, ([panel]) => panel?.checkVisibility())).toBe(true);
        expect(await seriousIn(page)).toEqual([]);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await page.waitForSelector("#connections button");
      await keepScreenshot(page, `${scheme}_${width}`);
      await page.click("#connections button");
      await page.waitForSelector("#facts dd");
      expect(await seriousIn(page)).toEqual([]);
      await keepScreenshot(page, `${scheme}_${width}_details`);
      await page.keyboard.press("Escape");
      await page.click("#drain");
      expect(await seriousIn(page)).toEqual([]);
      await page.click("#confirm-drain");
      await page.waitForSelector("#token-dialog[open]");
      expect(await seriousIn(page)).toEqual([]);
      expectQuiet(dashboard, served.url);
    },
  );
});

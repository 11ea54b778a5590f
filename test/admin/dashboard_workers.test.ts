// The dashboard of a supervisor in a real browser.
import { describe, expect, it } from "vitest";
import { keepScreenshot, openDashboard, seriousIn, textOf } from "./support/browser.ts";
import { ClusterWatched, FakeWorker, TOKEN } from "./support/fake_cluster.ts";

const LONG = { timeout: 10_000 };

describe("the dashboard of a supervisor", () => {
  it("shows its workers and whose each connection is, and replaces a worker when that is confirmed", async (context) => {
    const connections = [{ id: 1 }, { id: 2 }, { id: 3 }];
    const workers = [new FakeWorker(1, 1, connections), new FakeWorker(2, 2, connections.slice(1))];
    const [, second] = workers as [FakeWorker, FakeWorker];
    await using watched = await ClusterWatched.start(workers);
    const { complaints, page } = await openDashboard(context, watched.url);
    await expect.poll(() => textOf(page, "[data-figure=connections]"), LONG).toBe("5");
    await expect
      .poll(() => page.$$eval("#connections tr", (rows) => rows.map((row) => row.cells[0]?.textContent)), LONG)
      .toEqual(["1001-1", "1001-2", "1002-2", "1001-3", "1002-3"]);
    expect(await page.$$eval("#connections td.worker", (cells) => cells.map((cell) => cell.textContent))).toEqual([
      "1",
      "1",
      "2",
      "1",
      "2",
    ]);
    await page.keyboard.press("5");
    const states = () => page.$$eval("#workers .chip", (chips) => chips.map((chip) => chip.textContent));
    await expect.poll(states, LONG).toEqual(["serving", "serving"]);
    expect(await textOf(page, "#workers-summary")).toBe("2 of 2 workers serve");
    expect(await page.$$eval("#workers td:nth-child(5)", (cells) => cells.map((cell) => cell.textContent))).toEqual([
      "3",
      "2",
    ]);
    expect(await seriousIn(page)).toEqual([]);
    await keepScreenshot(page, "workers");

    await page.click("[aria-label='Replace worker 2']");
    expect(await textOf(page, "#worker-title")).toBe("Replace worker 2?");
    await page.click("#worker-dialog button[value=cancel]");
    expect(watched.cluster.reloads).toEqual([]);
    await page.click("[aria-label='Replace worker 2']");
    await keepScreenshot(page, "replace_worker");
    await page.click("#confirm-worker");
    await page.waitForSelector("#token-dialog[open]");
    await page.type("#token-dialog input", TOKEN);
    await page.keyboard.press("Enter");
    await expect.poll(() => watched.cluster.reloads, LONG).toEqual([2]);
    await page.click("[aria-label='Drain worker 1']");
    await page.click("#confirm-worker");
    await expect.poll(() => watched.cluster.drained, LONG).toEqual([1]);

    second.stopped = true;
    await expect.poll(states, LONG).toEqual(["serving", "no answer"]);
    (workers[0] as FakeWorker).state = "draining";
    await expect.poll(states, LONG).toEqual(["draining", "no answer"]);
    await page.setViewport({ width: 400, height: 900 });
    expect(await seriousIn(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    await keepScreenshot(page, "workers_narrow");
    expect(complaints).toEqual([]);
  }, 60_000);
});

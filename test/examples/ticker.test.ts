// The ticker example: what it streams when, and what ends it.
import process from "node:process";
import { describe, expect, it } from "vitest";
import { ticker } from "../../examples/ticker.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { LineConnection } from "../cli/support/line_connection.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import type { Peer } from "../core/support/peer.ts";
import { serveByCli, serveInMemory } from "./support/served_example.ts";

const USAGE = 'error: say "every 100ms 5": 10 ms to 10 s, at most 1000 times';
const GOODBYE = "the server is going down";

async function serveTicker(maxLinkBytes?: number) {
  const clock = manualClock();
  return serveInMemory(ticker(clock), { clock, ...(maxLinkBytes !== undefined && { maxLinkBytes }) });
}

function linesOf({ received }: Peer): string[] {
  return received.split("\n").slice(0, -1);
}

describe("ticker", () => {
  it("ticks at each interval, as often as it was asked to", async () => {
    const harness = await serveTicker();
    const peer = await harness.connect();
    await peer.send("every 100ms 3\n");
    await harness.clock.advance(99);
    expect(linesOf(peer)).toEqual([]);
    await harness.clock.advance(1);
    expect(linesOf(peer)).toEqual(["tick 1 of 3"]);
    await harness.clock.advance(100);
    expect(linesOf(peer)).toEqual(["tick 1 of 3", "tick 2 of 3"]);
    await harness.clock.advance(10_000);
    expect(linesOf(peer)).toEqual(["tick 1 of 3", "tick 2 of 3", "tick 3 of 3"]);
    expect(harness.server.stats().handlers).toBe(0);
  });

  it("takes one request after the other, and tells each connection its own time", async () => {
    const harness = await serveTicker();
    const [one, two] = [await harness.connect(), await harness.connect()];
    await one.send("every 1s 2\nevery 10ms 1\n");
    await two.send("every 1500ms 1\n");
    await harness.clock.advance(2_000);
    expect([one, two].map(linesOf)).toEqual([["tick 1 of 2", "tick 2 of 2"], ["tick 1 of 1"]]);
    await harness.clock.advance(10);
    expect(linesOf(one)).toEqual(["tick 1 of 2", "tick 2 of 2", "tick 1 of 1"]);
  });

  it("answers all that was asked before FIN", async () => {
    const harness = await serveTicker();
    const peer = await harness.connect();
    await peer.send("every 10s 2\n");
    await peer.finish();
    await harness.clock.advance(20_000);
    expect([linesOf(peer), harness.reasons]).toEqual([["tick 1 of 2", "tick 2 of 2"], ["remote-closed"]]);
  });

  it("ticks 1,000 times, ten seconds apart, without a deadline in between", async () => {
    const harness = await serveTicker();
    const peer = await harness.connect();
    await peer.send("every 10s 1000\n");
    await harness.clock.advance(10_000_000);
    expect(linesOf(peer)).toHaveLength(1_000);
    expect([linesOf(peer).at(-1), harness.reasons]).toEqual(["tick 1000 of 1000", []]);
  });

  it.each([
    "",
    "every",
    "every 100ms",
    "every 100 5",
    "every 100ms 5 times",
    " every 100ms 5",
    "EVERY 100ms 5",
    "every -100ms 5",
    "every 1.5s 5",
    "every 0ms 5",
    "every 9ms 5",
    "every 10001ms 5",
    "every 11s 5",
    "every 100ms 0",
    "every 100ms 1001",
    "every 9999999999ms 5",
    "every 100ms 9999999999",
  ])("answers %j with how to say it", async (line) => {
    const harness = await serveTicker();
    const peer = await harness.connect();
    await peer.send(`${line}\nevery 10ms 1\n`);
    await harness.clock.advance(10);
    expect(linesOf(peer)).toEqual([USAGE, "tick 1 of 1"]);
  });
});

describe("ticker: what ends a stream", () => {
  it("a client that leaves: nothing is waited for any more", async () => {
    const harness = await serveTicker();
    const peer = await harness.connect();
    await peer.send("every 100ms 1000\nevery 100ms 1000\n");
    await harness.clock.advance(250);
    await peer.reset();
    expect(harness.reasons).toEqual(["connection-reset"]);
    expect(harness.server.stats().handlers).toBe(0);
    // Neither the tick nor a deadline.
    expect(harness.clock.pending).toBe(0);
  });

  it("a drain: it ends by itself, and so do those that wait behind it; nothing is aborted, and no time passes", async () => {
    const harness = await serveTicker();
    const [one, two, idle] = [await harness.connect(), await harness.connect(), await harness.connect()];
    await one.send("every 1s 1000\nevery 1s 1000\nnonsense\n");
    await two.send("every 10s 5\n");
    await harness.clock.advance(2_500);
    const begun = harness.clock.now();
    expect(await harness.server.shutdown()).toEqual({ drained: 3, aborted: 0 });
    expect(harness.clock.now()).toBe(begun);
    expect([one, two, idle].map(linesOf)).toEqual([
      ["tick 1 of 1000", "tick 2 of 1000", USAGE, GOODBYE],
      [GOODBYE],
      [GOODBYE],
    ]);
    expect(harness.of("handler-error")).toEqual([]);
    expect(harness.reasons).toEqual(["drained", "drained", "drained"]);
  });

  it("a reader that is slow ends nothing: its next tick is waited for when there is room, the others' when they are due", async () => {
    const harness = await serveTicker(16);
    const peer = await harness.connect({ reads: false });
    const busy = await harness.connect();
    await peer.send("every 10ms 1000\n");
    await busy.send("every 10ms 500\n");
    await harness.clock.advance(5_000);
    expect(linesOf(busy)).toHaveLength(500);
    // 1024 bytes of 15 to 17 each, and what two ends of a connection hold.
    const made = harness.server.stats().framesOut - 500;
    expect(made).toBeGreaterThan(1_024 / 17);
    expect(made).toBeLessThan(1_200 / 15);
    await peer.read();
    await harness.clock.advance(10_000);
    expect(linesOf(peer)).toHaveLength(1_000);
  });
});

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("ticker, from the command line", () => {
  it("ticks, and is not held up by peers that leave; a drain ends every stream in time", async () => {
    const { cli, port } = await serveByCli("ticker");
    const one = new LineConnection(port);
    const begun = performance.now();
    one.send("every 50ms 2\nevery 10ms\nevery 10s 1000\n");
    expect(await one.line()).toBe("tick 1 of 2");
    expect(await one.line()).toBe("tick 2 of 2");
    // A timer may be a moment early.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(95);
    expect(await one.line()).toBe(USAGE);
    const gone = await dialNet({ hostname: "127.0.0.1", port });
    gone.send("every 10ms 1000\n");
    await gone.until("tick 2");
    gone.reset();
    const asked = performance.now();
    cli.signal("SIGTERM");
    expect(await one.rest()).toBe(`${GOODBYE}\n`);
    one.finish();
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    // Far from the ten seconds of the stream, and of the drain.
    expect(performance.now() - asked).toBeLessThan(5_000);
  });
});

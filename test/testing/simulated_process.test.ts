import { describe, expect, it } from "vitest";
import { lines, serve } from "../../src/core/mod.ts";
import { manualClock, SimulatedProcess, simulatedNetwork } from "../../src/testing/mod.ts";

/** A process, and what happens in it. */
function started() {
  const clock = manualClock();
  const process = new SimulatedProcess(clock);
  const log: string[] = [];
  const note = (text: string) => () => void log.push(`${text} at ${clock.now()}`);
  return { clock, process, log, note };
}

describe("a simulated process", () => {
  it("that does not stall is its clock, and gets at once what is for it", async () => {
    const { clock, process, log, note } = started();
    process.setTimeout(note("timer"), 10);
    process.clearTimeout(process.setTimeout(note("cancelled"), 5));
    process.receive(note("input"));
    process.afterRound(note("round"));
    expect([process.pending, process.next, process.stalled]).toEqual([1, 0, false]);
    await process.advance(20);
    expect(log).toEqual(["input at 0", "round at 0", "timer at 10"]);
    expect([process.pending, clock.pending]).toEqual([0, 0]);
  });

  it("that stalls does nothing meanwhile: then timers fire, then input comes, and rounds end behind both", async () => {
    const { clock, process, log, note } = started();
    process.setTimeout(() => {
      note("timer")();
      process.afterRound(note("round"));
      process.setTimeout(note("new timer"), 0);
    }, 10);
    const cancelled = process.setTimeout(note("cancelled"), 20);
    process.setTimeout(note("second timer"), 30);
    process.stall(100);
    await clock.advance(50);
    process.receive(note("input"));
    process.clearTimeout(cancelled);
    await clock.advance(49);
    expect([log, process.stalled]).toEqual([[], true]);
    await clock.advance(1);
    const order = ["timer", "second timer", "input", "round", "new timer"];
    expect(log).toEqual(order.map((text) => `${text} at 100`));
    expect([process.stalled, clock.pending]).toEqual([false, 0]);
  });

  it("that stalls again, before or while it catches up, does nothing until that is over", async () => {
    const { clock, process, log, note } = started();
    process.setTimeout(() => {
      note("timer")();
      process.stall(50);
    }, 10);
    process.stall(20);
    process.stall(30);
    await clock.advance(25);
    process.receive(note("input"));
    expect(log).toEqual([]);
    await clock.advance(60);
    expect(log[0]).toBe("timer at 30");
    process.receive(note("late input"));
    await clock.advance(60);
    expect(log.at(-1)).toBe("late input at 85");
    expect([process.stalled, clock.pending]).toEqual([false, 0]);
  });

  it("hears of connections, bytes, room and resets only when it has woken up, and its server cuts no peer that spoke", async () => {
    const clock = manualClock();
    const process = new SimulatedProcess(clock);
    const link = { latencyMs: 1, jitterMs: 0, bytesPerSecond: Infinity, bufferBytes: 1_000, cutting: "none" } as const;
    const network = simulatedNetwork({ clock, seed: 1, conditions: () => link, process });
    const ended: string[] = [];
    const server = await serve(network, {
      port: 0,
      codec: lines(),
      handler: (line) => line.repeat(1_500),
      clock: process,
      idleTimeoutMs: 1_000,
      writeTimeoutMs: 1_000,
      lingerTimeoutMs: 10_000,
      observer: (event) => event.type === "connection-closed" && ended.push(event.reason),
    });
    const connecting = [1, 2, 3].map(() => network.connect(server.address));
    await clock.advance(10);
    const connections = await Promise.all(connecting);
    const [talker, reader, silent] = connections.map(({ writable }) => writable.getWriter());
    const reading = connections.map(({ readable }) => readable.getReader());
    await reader?.write(new TextEncoder().encode("x\n"));
    await silent?.write(new TextEncoder().encode("half"));
    await clock.advance(10);
    process.stall(2_500);
    const late = network.connect(server.address);
    await talker?.write(new TextEncoder().encode("y\n"));
    const got = reading[1]?.read();
    await clock.advance(2_400);
    expect((await got)?.value?.length).toBe(1_000);
    expect([server.stats().accepted, server.stats().framesIn, ended]).toEqual([3, 1, []]);
    await late;
    await clock.advance(110);
    expect([server.stats().accepted, server.stats().framesIn, ended]).toEqual([4, 2, []]);
    // The silent one is idle, and has not answered FIN: half a frame is nothing in flight, and its own deadline is later.
    for (const index of [0, 2]) {
      network.connectionFrom(connections[index]?.localAddress.port ?? 0)?.reset();
      await clock.advance(0);
    }
    expect(ended).toEqual(["connection-reset", "idle-timeout"]);
    for (const connection of connections) connection.abort();
    (await late).abort();
    const drained = server.shutdown();
    await clock.advance(10_000);
    await drained;
    expect([clock.pending, network.pending]).toEqual([0, 0]);
  });

  it("that is stopped does nothing until it is continued", async () => {
    const { clock, process, log, note } = started();
    process.setTimeout(note("timer"), 10);
    process.stop();
    await clock.advance(1_000_000);
    process.receive(note("input"));
    expect([log, process.stalled, clock.pending]).toEqual([[], true, 0]);
    process.continue();
    process.continue();
    await clock.advance(0);
    expect(log).toEqual(["timer at 1000000", "input at 1000000"]);
    expect([process.stalled, clock.pending]).toEqual([false, 0]);
  });

  it("that is stopped while it stalls goes on with that when it is continued", async () => {
    const { clock, process, log, note } = started();
    process.setTimeout(note("timer"), 10);
    process.stall(100);
    process.stop();
    await clock.advance(50);
    process.continue();
    await clock.advance(49);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(["timer at 100"]);
    process.stall(10);
    process.stop();
    await clock.advance(50);
    process.receive(note("input"));
    expect(process.stalled).toBe(true);
    process.continue();
    await clock.advance(0);
    expect(log.at(-1)).toBe("input at 150");
  });

  it("that is killed does nothing any more, stalled or not, and leaves no timer", async () => {
    for (const stallMs of [0, 5, 50]) {
      const { clock, process, log, note } = started();
      process.onKill(note("kill"));
      process.setTimeout(note("timer"), 10);
      if (stallMs > 0) process.stall(stallMs);
      await clock.advance(8);
      process.kill();
      process.kill();
      process.setTimeout(note("new timer"), 1);
      process.receive(note("input"));
      process.afterRound(note("round"));
      await clock.advance(100);
      expect(log).toEqual(["kill at 8"]);
      expect([process.ended, process.pending, clock.pending]).toEqual([true, 0, 0]);
    }
  });
});

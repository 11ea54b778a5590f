// A server whose handler is a pool's, on the runtime itself.
import { describe, expect, it } from "vitest";
import type { ServeOptions } from "../../src/mod.ts";
import { lines, transport } from "../../src/mod.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import { eventually, type Platform, start, stopServersAfterEach } from "../conformance/support/platform.ts";
import { closePoolsAfterEach, Hang, workers } from "./support/workers.ts";

stopServersAfterEach();
closePoolsAfterEach();

const platform: Platform = { name: "the runtime", transport: transport, dial: dialNet, faults: {} };

/** Serves lines: `echo` on the event loop, `hang` and everything else in the pool. */
function startWith(pool: ReturnType<typeof workers>, hang: Hang, options: Partial<ServeOptions<string, string>> = {}) {
  return start<string, string>(platform, {
    codec: lines(),
    handler: (line, context) =>
      line === "echo" ? line : (pool.handler(line === "hang" ? hang.frame : line, context) as Promise<string>),
    ...options,
  });
}

describe("a server with a pool", () => {
  it("answers in request order, whichever worker is done first", async () => {
    const trial = await startWith(workers({ size: 2 }), new Hang(), { concurrency: 4 });
    const client = await trial.dial();
    client.send("later\na\nlater\nb\n");
    expect(await client.until("B\n")).toBe("later\nA\nlater\nB\n");
  });

  it("has its event loop to itself while every worker is busy", async () => {
    const hang = new Hang();
    const pool = workers({ size: 1 });
    const trial = await startWith(pool, hang);
    const busy = await trial.dial();
    busy.send("hang\n");
    await eventually(() => hang.turns > 0);
    const other = await trial.dial();
    for (let count = 1; count <= 100; count++) {
      other.send("echo\n");
      await other.until("echo\n".repeat(count));
    }
    expect(pool.stats()).toMatchObject({ busy: 1 });
    expect(busy.receivedBytes).toBe(0);
  });

  it("reads no further than its frames find room: what waits is bounded by concurrency", async () => {
    const hang = new Hang();
    const pool = workers({ size: 1, maxQueue: 2 });
    const trial = await startWith(pool, hang, { concurrency: 5 });
    const client = await trial.dial();
    client.send(`hang\n${"a\n".repeat(1_000)}`);
    await eventually(() => hang.turns > 0);
    // An answer on another connection says that the server had its turns.
    const other = await trial.dial();
    other.send("echo\n");
    await other.until("echo\n");
    expect(pool.stats()).toEqual({ workers: 1, busy: 1, ending: 0, queued: 2, waiting: 2 });
    expect(trial.server.stats().framesIn).toBe(5 + 1);
  });

  it("ends a worker at its frame's deadline, and the next frame has another", async () => {
    const hang = new Hang();
    const trial = await startWith(workers({ size: 1 }), hang, { handlerTimeoutMs: 1_500 });
    const client = await trial.dial();
    client.send("hang\n");
    expect(await client.rest()).toBe("error: handler-timeout\n");
    expect(hang.turns).toBeGreaterThan(0);
    expect((await trial.closed()).reason).toBe("handler-timeout");
    const next = await trial.dial();
    next.send("next\n");
    expect(await next.until("\n")).toBe("NEXT\n");
  });

  it("ends a worker when its client has gone", async () => {
    const hang = new Hang();
    const pool = workers({ size: 1 });
    const trial = await startWith(pool, hang);
    const client = await trial.dial();
    client.send("hang\n");
    await eventually(() => hang.turns > 0);
    client.reset();
    await trial.closed();
    await eventually(() => pool.stats().busy === 0);
    const next = await trial.dial();
    next.send("next\n");
    expect(await next.until("\n")).toBe("NEXT\n");
  });

  it("reports a lost worker as handler-failed, with the cause, and goes on", async () => {
    const trial = await startWith(workers({ size: 1 }), new Hang());
    const client = await trial.dial();
    client.send("exit\n");
    expect(await client.rest()).toBe("error: handler-failed\n");
    const { error } = trial.events.find((event) => event.type === "handler-error") ?? {};
    expect(error).toMatchObject({ code: "handler-failed", cause: { code: "worker-failed" } });
    const next = await trial.dial();
    next.send("next\n");
    expect(await next.until("\n")).toBe("NEXT\n");
  });

  it("drains what is with a worker and what waits for one; a forced drain ends the worker", async () => {
    const hang = new Hang();
    const pool = workers({ size: 1 });
    const first = await startWith(pool, hang, { concurrency: 3 });
    const client = await first.dial();
    client.send("later\na\nlater\n");
    await first.heard(14);
    const drained = first.server.shutdown();
    expect(await client.rest()).toBe("later\nA\nlater\n");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });

    const second = await startWith(pool, hang);
    const hanging = await second.dial();
    hanging.send("hang\n");
    await eventually(() => hang.turns > 0);
    const forced = second.server.shutdown();
    void second.server.shutdown();
    expect(await forced).toEqual({ drained: 0, aborted: 1 });
    await eventually(() => pool.stats().busy === 0);
  });
});

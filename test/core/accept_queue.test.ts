import { describe, expect, it } from "vitest";
import { AcceptQueue, type Connection, SpillwayError } from "../../src/core/mod.ts";

/** A connection that only remembers whether it was aborted. */
function connection(): Connection & { aborted: boolean } {
  const made = { aborted: false, abort: () => void (made.aborted = true) };
  return made as unknown as Connection & { aborted: boolean };
}

describe("AcceptQueue", () => {
  it("gives connections in order, whether they or the asking come first", async () => {
    const queue = new AcceptQueue(2);
    const [one, two, three] = [connection(), connection(), connection()];
    queue.push(one);
    queue.push(two);
    expect((await queue.next()).value).toBe(one);
    expect((await queue.next()).value).toBe(two);
    const asked = queue.next();
    queue.push(three);
    expect((await asked).value).toBe(three);
  });

  it("resets what does not fit, and reports it once", async () => {
    const queue = new AcceptQueue(1);
    const connections = Array.from({ length: 4 }, connection);
    for (const one of connections) queue.push(one);
    expect(connections.map(({ aborted }) => aborted)).toEqual([false, true, true, true]);
    expect((await queue.next()).value).toBe(connections[0]);
    await expect(queue.next()).rejects.toMatchObject({ code: "connection-aborted" });
    const asked = queue.next();
    queue.push(connection());
    expect((await asked).done).toBe(false);
  });

  it("gives errors in their places", async () => {
    const queue = new AcceptQueue(10);
    const asked = queue.next();
    queue.fail(new SpillwayError("out-of-descriptors", "full"));
    await expect(asked).rejects.toMatchObject({ code: "out-of-descriptors" });
    queue.push(connection());
    queue.fail(new SpillwayError("accept-failed", "broken"));
    expect((await queue.next()).done).toBe(false);
    await expect(queue.next()).rejects.toMatchObject({ code: "accept-failed" });
  });

  it("when finished: gives what waits, ends behind that, and takes nothing more", async () => {
    const [waiting, late] = [connection(), connection()];
    const queue = new AcceptQueue(10);
    queue.push(waiting);
    queue.finish();
    queue.push(late);
    expect([waiting.aborted, late.aborted]).toEqual([false, true]);
    expect((await queue.next()).value).toBe(waiting);
    expect(await queue.next()).toEqual({ done: true, value: undefined });

    const other = new AcceptQueue(10);
    const asked = other.next();
    other.finish();
    expect(await asked).toEqual({ done: true, value: undefined });
  });

  it("when closed aborts what nobody took, ends the iterations that wait, and takes nothing more", async () => {
    const [taken, waiting, late] = [connection(), connection(), connection()];
    const queue = new AcceptQueue(10);
    queue.push(taken);
    await queue.next();
    queue.push(waiting);
    queue.close();
    queue.push(late);
    queue.fail(new SpillwayError("accept-failed", "too late"));
    expect([taken.aborted, waiting.aborted, late.aborted]).toEqual([false, true, true]);
    expect(await queue.next()).toEqual({ done: true, value: undefined });

    const other = new AcceptQueue(10);
    const asked = other.next();
    other.close();
    expect(await asked).toEqual({ done: true, value: undefined });
  });
});

describe("AcceptQueue in turns", () => {
  function inTurns(turns: number[], ahead = false) {
    const asked: number[] = [];
    let stopped = 0;
    const next = (waiting: number) => {
      asked.push(waiting);
      return turns.shift() ?? 0;
    };
    const queue: AcceptQueue = new AcceptQueue(10, { next }, () => {
      stopped += 1;
      if (!ahead) queue.finish();
    });
    return { queue, asked, stopped: () => stopped };
  }

  it("stops within the push that ends the last turn, and ends behind what waits", async () => {
    const { queue, asked, stopped } = inTurns([2, 1, 0]);
    const connections = [connection(), connection(), connection(), connection()];
    for (const one of connections.slice(0, 2)) queue.push(one);
    expect({ asked, stopped: stopped() }).toEqual({ asked: [0, 3], stopped: 0 });
    queue.push(connections[2] as Connection);
    expect({ asked, stopped: stopped() }).toEqual({ asked: [0, 3, 4], stopped: 1 });
    queue.push(connections[3] as Connection);
    expect(connections.map(({ aborted }) => aborted)).toEqual([false, false, false, true]);
    for (const one of connections.slice(0, 3)) expect((await queue.next()).value).toBe(one);
    expect((await queue.next()).done).toBe(true);
  });

  it("gives what a runtime that accepts ahead brings behind the last turn, and asks for no other turn", async () => {
    const { queue, asked, stopped } = inTurns([1, 0], true);
    const connections = [connection(), connection(), connection()];
    for (const one of connections) queue.push(one);
    queue.finish();
    expect({ asked, stopped: stopped() }).toEqual({ asked: [0, 2], stopped: 1 });
    for (const one of connections) expect((await queue.next()).value).toBe(one);
    expect((await queue.next()).done).toBe(true);
  });

  it("counts no connection twice while the accept loop waits for one", async () => {
    const { queue, asked } = inTurns([1, 1, 0]);
    const first = queue.next();
    queue.push(connection());
    await first;
    const second = queue.next();
    queue.push(connection());
    await second;
    // The one that was given last may not be counted by the accept loop yet.
    expect(asked).toEqual([0, 1, 1]);
  });

  it("has at least one connection in its first turn", async () => {
    const { queue, stopped } = inTurns([0, 0]);
    const given = queue.next();
    queue.push(connection());
    expect((await given).done).toBe(false);
    expect(stopped()).toBe(1);
  });
});

import { describe, expect, it } from "vitest";
import { Turnstile } from "../../src/compute/turnstile.ts";
import { listeners } from "../support/listeners.ts";

/** Enters, and notes who is in. */
function arrivals(turnstile: Turnstile) {
  const inside: (string | number)[] = [];
  return {
    inside,
    enter: (name: string | number, signal?: AbortSignal) =>
      turnstile.enter(signal).then(
        () => void inside.push(name),
        (reason: unknown) => void inside.push(`${name}: ${String(reason)}`),
      ),
  };
}

describe("Turnstile", () => {
  it("lets in as many as there is room for, then one for each that leaves, in order", async () => {
    const turnstile = new Turnstile(2);
    const { inside, enter } = arrivals(turnstile);
    const all = [1, 2, 3, 4, 5].map((name) => enter(name));
    await Promise.all(all.slice(0, 2));
    expect([turnstile.inside, turnstile.waiting]).toEqual([2, 3]);
    expect(inside).toEqual([1, 2]);
    turnstile.leave();
    turnstile.leave();
    await all[3];
    expect([turnstile.inside, turnstile.waiting]).toEqual([2, 1]);
    for (let left = 0; left < 3; left++) turnstile.leave();
    await all[4];
    expect(inside).toEqual([1, 2, 3, 4, 5]);
    expect([turnstile.inside, turnstile.waiting]).toEqual([0, 0]);
  });

  it("does not let a newcomer overtake one that was admitted and has not noticed yet", async () => {
    const turnstile = new Turnstile(1);
    const { inside, enter } = arrivals(turnstile);
    const all = [enter(1), enter(2)];
    turnstile.leave();
    all.push(enter(3));
    await all[1];
    expect([turnstile.inside, turnstile.waiting]).toEqual([1, 1]);
    turnstile.leave();
    await all[2];
    expect(inside).toEqual([1, 2, 3]);
  });

  it("forgets at once one that is aborted in line, and goes on with the next", async () => {
    const turnstile = new Turnstile(1);
    const { inside, enter } = arrivals(turnstile);
    const controllers = [2, 3, 4].map(() => new AbortController());
    const all = [enter(1), ...controllers.map(({ signal }, index) => enter(index + 2, signal))];
    controllers[0]?.abort("gone");
    controllers[2]?.abort("gone too");
    expect(turnstile.waiting).toBe(1);
    turnstile.leave();
    await Promise.all(all);
    expect(inside).toEqual([1, "2: gone", "4: gone too", 3]);
    controllers[1]?.abort("late");
    expect([turnstile.inside, turnstile.waiting]).toEqual([1, 0]);
  });

  it("lets nobody in whose signal has been given", async () => {
    const turnstile = new Turnstile(1);
    const { inside, enter } = arrivals(turnstile);
    await enter(1, AbortSignal.abort("before"));
    expect([inside, turnstile.inside]).toEqual([["1: before"], 0]);
  });

  it("once closed turns away those that wait and those that come, and lets go of those inside", async () => {
    const turnstile = new Turnstile(1);
    const { inside, enter } = arrivals(turnstile);
    const all = [enter(1), enter(2), enter(3, new AbortController().signal)];
    await all[0];
    turnstile.close(new Error("closed"));
    await Promise.all([...all, enter(4)]);
    expect(inside).toEqual([1, "2: Error: closed", "3: Error: closed", "4: Error: closed"]);
    turnstile.leave();
    expect([turnstile.inside, turnstile.waiting]).toEqual([0, 0]);
  });

  it("has room for Infinity", async () => {
    const turnstile = new Turnstile(Infinity);
    await Promise.all(Array.from({ length: 1_000 }, () => turnstile.enter()));
    expect([turnstile.inside, turnstile.waiting]).toEqual([1_000, 0]);
  });

  it("leaves no listener on a signal", async () => {
    const turnstile = new Turnstile(1);
    const { signal } = new AbortController();
    const listening = listeners(signal);
    await turnstile.enter();
    const admitted = turnstile.enter(signal);
    expect(listening()).toBe(1);
    turnstile.leave();
    await admitted;
    expect(listening()).toBe(0);
    const refused = turnstile.enter(signal).catch(() => undefined);
    expect(listening()).toBe(1);
    turnstile.close(new Error("closed"));
    await refused;
    expect(listening()).toBe(0);
  });
});

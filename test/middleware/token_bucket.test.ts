import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../src/middleware/token_bucket.ts";
import { listeners } from "../support/listeners.ts";

/** A clock whose timer fires when the test says so: mostly too late. */
class LateClock {
  at = 0;
  readonly delays: number[] = [];
  #callback: (() => void) | undefined;

  now(): number {
    return this.at;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.delays.push(delayMs);
    this.#callback = callback;
    return this;
  }

  clearTimeout(): void {
    this.#callback = undefined;
  }

  get pending(): boolean {
    return this.#callback !== undefined;
  }

  fire(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}

describe("TokenBucket", () => {
  it("gives nobody a token that somebody waits for, though its timer is late", async () => {
    const clock = new LateClock();
    const bucket = new TokenBucket(1, 1, clock);
    const order: string[] = [];
    const { signal } = new AbortController();
    expect(bucket.take()).toBe(true);
    const one = bucket.wait(signal, () => order.push("one"));
    clock.at = 5_000;
    expect(bucket.take()).toBe(false);
    const two = bucket.wait(signal, () => order.push("two"));
    clock.fire();
    expect([await one, order, clock.pending]).toEqual([1, ["one"], true]);
    clock.at = 6_000;
    clock.fire();
    expect([await two, order, clock.pending]).toEqual([2, ["one", "two"], false]);
  });

  it("leaves no listener, and no timer when the last one has left", async () => {
    const clock = new LateClock();
    const bucket = new TokenBucket(1, 1, clock);
    const [stays, leaves] = [new AbortController(), new AbortController()];
    const count = listeners(stays.signal);
    bucket.take();
    const one = bucket.wait(stays.signal, () => "one");
    const two = bucket.wait(leaves.signal, () => "two");
    leaves.abort(new Error("left"));
    await expect(two).rejects.toThrow("left");
    expect(clock.pending).toBe(true);
    clock.at = 1_000;
    clock.fire();
    expect([await one, count(), clock.pending]).toEqual(["one", 0, false]);
    const three = bucket.wait(stays.signal, () => "three");
    stays.abort(new Error("left too"));
    await expect(three).rejects.toThrow("left too");
    expect(clock.pending).toBe(false);
    await expect(bucket.wait(stays.signal, () => "four")).rejects.toThrow("left too");
    expect(clock.pending).toBe(false);
  });

  it("asks for no delay that a timer cannot wait for, nor for none", () => {
    const clock = new LateClock();
    const slow = new TokenBucket(1 / 3_000_000, 1, clock);
    const fast = new TokenBucket(1_000_000, 1, clock);
    for (const bucket of [slow, fast]) {
      bucket.take();
      void bucket.wait(new AbortController().signal, () => undefined);
    }
    expect(clock.delays).toEqual([2 ** 31 - 1, 1]);
  });
});

// Two and three requests: every order in which they can be asked, answered and given up.
import { describe, expect, it } from "vitest";
import { connected } from "./support/connected.ts";

/** `a0`: the first is asked; `r0`: its reply comes; `g0`: it is given up. */
type Step = `${"a" | "r" | "g"}${number}`;

/** Every order of the steps of `count` requests: asked in order, answered in order, each behind its asking. */
function* orders(count: number, done: readonly Step[] = []): Generator<readonly Step[]> {
  const asked = done.filter((step) => step.startsWith("a")).length;
  const answered = done.filter((step) => step.startsWith("r")).length;
  if (answered === count) yield done;
  if (asked < count) yield* orders(count, [...done, `a${asked}`]);
  if (answered < asked) yield* orders(count, [...done, `r${answered}`]);
  for (let index = 0; index < asked; index++) {
    // One that is answered cannot be given up any more.
    if (index >= answered && !done.includes(`g${index}`)) yield* orders(count, [...done, `g${index}`]);
  }
}

/** Returns the outcome of each request: its reply, unless it is given up before. */
function expected(count: number, steps: readonly Step[]): string[] {
  return Array.from({ length: count }, (_, index) => (steps.includes(`g${index}`) ? "given up" : `reply ${index}`));
}

describe("replies match their requests", () => {
  it("knows the orders", () => {
    const two = [...orders(2)].map((steps) => steps.join(" "));
    expect(two).toContain("a0 a1 g0 r0 r1");
    expect(two).toContain("a0 g0 r0 a1 r1");
    expect(new Set(two).size).toBe(two.length);
  });

  it.each([1, 2, 3])("in every order of asking, answering and giving up %i", async (count) => {
    const harness = await connected();
    for (const steps of orders(count)) {
      const controllers: AbortController[] = [];
      const replies: Promise<string>[] = [];
      for (const step of steps) {
        const index = Number(step.slice(1));
        if (step.startsWith("a")) {
          controllers[index] = new AbortController();
          const { signal } = controllers[index];
          replies[index] = harness.client.request(`${index}`, { signal }).catch((error: string) => error);
        } else if (step.startsWith("g")) controllers[index]?.abort("given up");
        else await harness.peer.send(`reply ${index}\n`);
      }
      expect(await Promise.all(replies), steps.join(" ")).toEqual(expected(count, steps));
      expect(harness.client.stats()).toMatchObject({ pendingRequests: 0, waitingRequests: 0, waitingPushes: 0 });
    }
  });

  it("also while only one may be on its way, and the others wait for that", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    for (const steps of orders(3)) {
      const controllers: AbortController[] = [];
      const replies: Promise<string>[] = [];
      for (const step of steps.filter((one) => !one.startsWith("r"))) {
        const index = Number(step.slice(1));
        if (step.startsWith("a")) {
          controllers[index] = new AbortController();
          const { signal } = controllers[index];
          replies[index] = harness.client.request(`${index}`, { signal }).catch((error: string) => error);
        } else controllers[index]?.abort("given up");
      }
      // The peer answers what it was sent, and only that.
      for (let answered = 0; harness.client.stats().pendingRequests > 0; ) {
        await harness.settle();
        const sent = harness.peer.received.split("\n").slice(0, -1);
        for (const frame of sent.slice(answered)) await harness.peer.send(`reply ${frame}\n`);
        answered = sent.length;
      }
      harness.peer.chunks.length = 0;
      expect(await Promise.all(replies), steps.join(" ")).toEqual(expected(3, steps));
    }
  });
});

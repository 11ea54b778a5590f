import { expect, it } from "vitest";
import { PendingResults } from "../../src/core/handler/pending_results.ts";
import { manualClock } from "../../src/testing/mod.ts";

function noted(): { results: PendingResults<string, string>; told: string[] } {
  const told: string[] = [];
  const results = new PendingResults<string, string>({
    onFulfilled: (owner, value) => told.push(`${owner}: ${value}`),
    onRejected: (owner, cause) => told.push(`${owner} failed: ${String(cause)}`),
  });
  return { results, told };
}

it("tells each owner of its own promise, in the order in which they settle", async () => {
  const { results, told } = noted();
  let settle: (value: string) => void = () => {};
  const late = new Promise<string>((resolve) => {
    settle = resolve;
  });
  results.add("a", late);
  results.add("b", Promise.resolve("1"));
  results.add("c", Promise.reject(new Error("no")));
  await manualClock().advance(0);
  settle("last");
  await manualClock().advance(0);
  results.add("d", Promise.reject(new Error("no")));
  await manualClock().advance(0);
  expect(told.toSorted()).toEqual(["a: last", "b: 1", "c failed: Error: no", "d failed: Error: no"]);
  expect(told.slice(2)).toEqual(["a: last", "d failed: Error: no"]);
});

it.each([
  ["calls back twice", { then: (resolve: (value: string) => void) => [resolve("1"), resolve("2")] }],
  ["calls back at once", { then: (resolve: (value: string) => void) => resolve("1") }],
  ["is a promise with a `then` of its own", Object.assign(Promise.resolve("1"), { then: () => "never" })],
  [
    "is a promise of a class of its own",
    new (class Lazy extends Promise<string> {
      override then = (resolve: unknown) => (resolve as (value: string) => void)("1") as never;
    })(() => {}),
  ],
] as [string, PromiseLike<string>][])(
  "what %s is told once, and not before the caller has returned",
  async (_name, promise) => {
    const { results, told } = noted();
    results.add("a", promise);
    expect(told).toEqual([]);
    await manualClock().advance(0);
    expect(told).toEqual(["a: 1"]);
  },
);

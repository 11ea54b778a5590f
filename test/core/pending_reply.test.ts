import { expect, it } from "vitest";
import { Exchange, type ExchangeOwner } from "../../src/core/handler/exchange.ts";
import { PendingReply } from "../../src/core/handler/pending_reply.ts";
import { manualClock } from "../../src/testing/mod.ts";

/** Waits for promises, each under a name, and notes what becomes of them. */
function noted() {
  const told: string[] = [];
  const names = new Map<unknown, string>();
  const owner = {
    onFulfilled: (pending: PendingReply<string, unknown>, value: unknown) =>
      void told.push(`${names.get(pending.exchange)}: ${String(value)}`),
    onRejected: (pending: PendingReply<string, unknown>, cause: unknown) =>
      void told.push(`${names.get(pending.exchange)} failed: ${String(cause)}`),
  };
  const add = (name: string, promise: PromiseLike<string>) => {
    const exchange = new Exchange<string, unknown>({} as ExchangeOwner<string, unknown>);
    names.set(exchange, name);
    const pending = PendingReply.take<string, unknown>(owner, exchange);
    pending.await(promise);
    return pending;
  };
  return { add, told };
}

it("each owner is told of its own promise, in the order in which they settle", async () => {
  const { add, told } = noted();
  let settle: (value: string) => void = () => {};
  const late = new Promise<string>((resolve) => {
    settle = resolve;
  });
  add("a", late);
  add("b", Promise.resolve("1"));
  add("c", Promise.reject(new Error("no")));
  await manualClock().advance(0);
  settle("last");
  await manualClock().advance(0);
  add("d", Promise.reject(new Error("no")));
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
    const { add, told } = noted();
    add("a", promise);
    expect(told).toEqual([]);
    await manualClock().advance(0);
    expect(told).toEqual(["a: 1"]);
  },
);

it("that was given back while its promise is pending is not used for another frame", async () => {
  const { add, told } = noted();
  let settle: (value: string) => void = () => {};
  const abandoned = add(
    "a",
    new Promise<string>((resolve) => {
      settle = resolve;
    }),
  );
  abandoned.giveBack();
  const next = add("b", Promise.resolve("1"));
  expect(next).not.toBe(abandoned);
  settle("late");
  await manualClock().advance(0);
  expect(told.toSorted()).toEqual(["a: late", "b: 1"]);
});

it("that was given back when its promise had settled is used again, as new", async () => {
  const { add } = noted();
  const first = add("a", Promise.resolve("1"));
  await manualClock().advance(0);
  Object.assign(first, { startedAt: 1, working: true, reply: "x", fault: new Error("no"), stream: {} });
  first.giveBack();
  const second = add("b", Promise.resolve("2"));
  expect(second).toBe(first);
  expect([second.startedAt, second.working, second.reply, second.fault, second.stream]).toEqual([
    undefined,
    false,
    undefined,
    undefined,
    undefined,
  ]);
});

import { describe, expect, it } from "vitest";
import { type Connection, SpillwayError } from "../../src/core/mod.ts";
import { connectToFirst } from "../../src/core/transport/connect_to_first.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { outcome } from "./client/support/connected.ts";

/** An attempt that a test settles. */
interface Attempt {
  readonly address: string;
  readonly signal: AbortSignal;
  connect(): { aborted: boolean };
  fail(code: "connection-refused" | "connection-timed-out"): void;
}

function race(addresses: readonly string[], signal?: AbortSignal) {
  const clock = manualClock();
  const attempts: Attempt[] = [];
  const connect = (address: string, given: AbortSignal) =>
    new Promise<Connection>((resolve, reject) => {
      attempts.push({
        address,
        signal: given,
        connect: () => {
          const made = { address, aborted: false, abort: () => void (made.aborted = true) };
          resolve(made as unknown as Connection);
          return made;
        },
        fail: (code) => reject(new SpillwayError(code, `${address} failed`)),
      });
    });
  const result = connectToFirst({ hostname: "some.test", addresses, connect }, signal, clock);
  result.catch(() => undefined);
  return {
    clock,
    attempts,
    result,
    now: outcome(result.then((connection) => (connection as unknown as { address: string }).address)),
    tried: () => attempts.map(({ address }) => address),
  };
}

describe("connecting to a name with several addresses", () => {
  it("lets a slow first address go on, and waits for it when the others refuse", async () => {
    const racing = race(["a", "b"]);
    await racing.clock.advance(249);
    expect(racing.tried()).toEqual(["a"]);
    await racing.clock.advance(1);
    expect(racing.tried()).toEqual(["a", "b"]);
    racing.attempts[1]?.fail("connection-refused");
    await racing.clock.advance(750);
    expect([racing.now(), racing.attempts[0]?.signal.aborted]).toEqual(["…", false]);
    racing.attempts[0]?.connect();
    await racing.clock.advance(0);
    expect([racing.now(), racing.clock.pending]).toEqual(["a", 0]);
  });

  it("goes on with the next at once when one fails", async () => {
    const racing = race(["a", "b", "c"]);
    racing.attempts[0]?.fail("connection-refused");
    await racing.clock.advance(0);
    racing.attempts[1]?.fail("connection-refused");
    await racing.clock.advance(0);
    expect(racing.tried()).toEqual(["a", "b", "c"]);
    racing.attempts[2]?.connect();
    await racing.clock.advance(0);
    expect(racing.now()).toBe("c");
  });

  it("takes the first that answers, and lets the others go, also one that comes all the same", async () => {
    const racing = race(["a", "b"]);
    await racing.clock.advance(250);
    racing.attempts[1]?.connect();
    await racing.clock.advance(0);
    expect([racing.now(), racing.attempts[0]?.signal.aborted, racing.clock.pending]).toEqual(["b", true, 0]);
    const late = racing.attempts[0]?.connect();
    await racing.clock.advance(0);
    expect(late?.aborted).toBe(true);
  });

  it.each([
    ["connection-refused", "connection-refused", "connection-refused"],
    ["connection-refused", "connection-timed-out", "connect-failed"],
  ] as const)("says of every address why: %s and %s make %s", async (first, second, code) => {
    const racing = race(["a", "b"]);
    racing.attempts[0]?.fail(first);
    await racing.clock.advance(0);
    racing.attempts[1]?.fail(second);
    const error = (await racing.result.catch((failed: unknown) => failed)) as SpillwayError;
    expect(error).toMatchObject({ code, message: "cannot connect to some.test: a failed; b failed" });
    expect((error.cause as AggregateError).errors).toHaveLength(2);
    expect(racing.clock.pending).toBe(0);
  });

  it("says what the one address says, and something when there is none", async () => {
    const one = race(["a"]);
    one.attempts[0]?.fail("connection-refused");
    await expect(one.result).rejects.toMatchObject({ code: "connection-refused", message: "a failed" });
    await expect(race([]).result).rejects.toMatchObject({ message: "cannot connect to some.test" });
  });

  it("is given up by its signal, before and while it is under way", async () => {
    const controller = new AbortController();
    const racing = race(["a", "b"], controller.signal);
    await racing.clock.advance(250);
    controller.abort();
    await racing.clock.advance(0);
    expect([racing.now(), racing.attempts.every(({ signal }) => signal.aborted)]).toEqual(["connect-aborted", true]);
    const early = race(["a"], controller.signal);
    await racing.clock.advance(0);
    expect([early.now(), early.tried(), racing.clock.pending]).toEqual(["connect-aborted", [], 0]);
  });
});

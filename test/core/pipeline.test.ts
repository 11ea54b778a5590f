import { describe, expect, it } from "vitest";
import { Pipeline, type PipelineOwner } from "../../src/core/handler/pipeline.ts";
import { Semaphore } from "../../src/core/handler/semaphore.ts";
import { type Context, type Handler, SpillwayError } from "../../src/core/mod.ts";
import { type ManualClock, manualClock } from "../../src/testing/mod.ts";
import { type Answer, answers } from "./support/answers.ts";

/** The owner of a pipeline, with what its session would say to it. */
function owner(told: Partial<PipelineOwner<string, string, unknown>>): PipelineOwner<string, string, unknown> {
  const nothing = () => {};
  return {
    roomy: true,
    mayPull: () => true,
    finishing: false,
    onReply: nothing,
    onFault: nothing,
    onHandlerError: nothing,
    onLastFrame: nothing,
    onUpgrade: nothing,
    onEncoder: nothing,
    onLast: nothing,
    onSettled: nothing,
    ...told,
  } as PipelineOwner<string, string, unknown>;
}

function fail(): never {
  throw new Error("no");
}

/** A pipeline that writes down what it tells its session. */
function noted(handler: Handler<string, string>): {
  pipeline: Pipeline<string, string, unknown>;
  told: string[];
  clock: ManualClock;
} {
  const clock = manualClock();
  const told: string[] = [];
  const semaphore = new Semaphore(Infinity);
  const pipeline: Pipeline<string, string, unknown> = new Pipeline(
    handler,
    semaphore,
    clock,
    owner({
      onReply: (reply) => {
        if (reply === "refused") throw new SpillwayError("handler-failed", "refused");
        told.push(reply);
      },
      onFault: (error) => told.push(`fault: ${error.code}`),
      onHandlerError: (error) => told.push(`error: ${error.code}`),
      onSettled: () => {
        pipeline.answerFinished();
        if (!pipeline.tickOpen) pipeline.date();
      },
      onUpgrade: () => told.push("upgrade"),
      onEncoder: () => told.push("encoder"),
      onLast: () => told.push("last"),
    }),
  );
  return { pipeline, told, clock };
}

describe("Pipeline", () => {
  it("answers a synchronous handler within the call, with nothing left to wait for", () => {
    const { pipeline, told } = noted((frame) => frame.toUpperCase());
    pipeline.handle("a");
    pipeline.handle("b");
    expect(told).toEqual(["A", "B"]);
    expect(pipeline.length).toBe(0);
    expect(pipeline.tickOpen).toBe(false);
  });

  it("sends nothing for `undefined`", async () => {
    const { pipeline, told, clock } = noted((frame) => (frame === "later" ? Promise.resolve(undefined) : undefined));
    pipeline.handle("now");
    pipeline.handle("later");
    await clock.advance(0);
    expect(told).toEqual([]);
    expect(pipeline.length).toBe(0);
  });

  it("answers in the order of the frames, whatever the order of finishing", async () => {
    const pending = answers();
    const { pipeline, told, clock } = noted(pending.handler);
    for (const frame of ["a", "b", "c", "d"]) pipeline.handle(frame);
    const finishing: [string, string[]][] = [
      ["c", []],
      ["b", []],
      ["a", ["A", "B", "C"]],
      ["d", ["A", "B", "C", "D"]],
    ];
    for (const [frame, expected] of finishing) {
      pending.of(frame).resolve(frame.toUpperCase());
      await clock.advance(0);
      expect(told).toEqual(expected);
    }
    expect(pipeline.length).toBe(0);
  });

  it("keeps a synchronous reply behind an earlier frame that is still computing", async () => {
    const pending = answers();
    const { pipeline, told, clock } = noted((frame, context) =>
      frame === "slow" ? pending.handler(frame, context) : frame,
    );
    pipeline.handle("slow");
    pipeline.handle("quick");
    expect(told).toEqual([]);
    expect(pipeline.length).toBe(2);
    pending.of("slow").resolve("SLOW");
    await clock.advance(0);
    expect(told).toEqual(["SLOW", "quick"]);
  });

  it("takes a fault in its turn, and reports the error at once", async () => {
    const pending = answers();
    const { pipeline, told, clock } = noted(pending.handler);
    pipeline.handle("a");
    pipeline.handle("b");
    pending.of("b").reject(new Error("no"));
    await clock.advance(0);
    expect(told).toEqual(["error: handler-failed"]);
    expect(pipeline.ended).toBe(true);
    pending.of("a").resolve("A");
    await clock.advance(0);
    expect(told).toEqual(["error: handler-failed", "A", "fault: handler-failed"]);
  });

  it("turns a reply that cannot be sent into a fault", () => {
    const { pipeline, told } = noted(() => "refused");
    pipeline.handle("a");
    expect(told).toEqual(["error: handler-failed", "fault: handler-failed"]);
  });

  it.each([
    ["throws an error", fail],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["gives a thenable that throws", () => ({ then: fail })],
    [
      "gives an object whose `then` cannot be read",
      () => ({
        get then(): never {
          return fail();
        },
      }),
    ],
    [
      "throws nothing at all",
      () => {
        throw undefined;
      },
    ],
  ] as [string, Handler<string, string>][])("a handler that %s", async (_name, handler) => {
    const { pipeline, told, clock } = noted(handler);
    pipeline.handle("a");
    await clock.advance(0);
    expect(told).toEqual(["error: handler-failed", "fault: handler-failed"]);
    expect(pipeline.length).toBe(0);
  });

  it("times out the one that has been at work for longest, and ignores what it gives later", async () => {
    const pending = answers();
    const { pipeline, told, clock } = noted(pending.handler);
    pipeline.handle("a");
    pipeline.date();
    await clock.advance(10);
    pipeline.handle("b");
    pipeline.date();
    expect(pipeline.busySince).toBe(0);
    pipeline.timeOut(new SpillwayError("handler-timeout", "late"));
    expect(pending.of("a").aborted).toBe("handler-timeout");
    expect(pending.of("b").aborted).toBeUndefined();
    expect(told).toEqual(["error: handler-timeout", "fault: handler-timeout"]);
    expect(pipeline.busySince).toBe(10);
    pending.of("a").resolve("late");
    await clock.advance(0);
    expect(told).toEqual(["error: handler-timeout", "fault: handler-timeout"]);
  });

  it("aborts everyone, once, and hands out nothing afterwards", async () => {
    const pending = answers();
    const { pipeline, told, clock } = noted(pending.handler);
    pipeline.handle("a");
    pipeline.handle("b");
    pending.of("b").resolve("B");
    await clock.advance(0);
    pipeline.abort("connection-reset");
    pending.of("a").resolve("A");
    await clock.advance(0);
    expect(pending.of("a").aborted).toBe("connection-reset");
    expect(pending.of("b").aborted).toBeUndefined();
    expect(told).toEqual([]);
    expect(pipeline.length).toBe(0);
    expect(pipeline.busySince).toBe(Infinity);
  });

  it("gives a handler that asks late a signal that is aborted already", () => {
    let context: Context | undefined;
    const { pipeline } = noted((_frame, given) => {
      context = given;
      return new Promise<string>(() => {});
    });
    pipeline.handle("a");
    pipeline.abort("drain-timeout");
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toMatchObject({ code: "drain-timeout" });
  });

  it("says when the last asynchronous handler finished", async () => {
    const pending = answers();
    const { pipeline, clock } = noted(pending.handler);
    pipeline.handle("a");
    await clock.advance(25);
    pending.of("a").resolve("A");
    await clock.advance(100);
    expect(pipeline.settledAt).toBe(25);
  });

  it("tells its session once of all handlers that finish together", async () => {
    const pending: Answer[] = [];
    const clock = manualClock();
    const told: string[] = [];
    let settled = 0;
    const pipeline: Pipeline<string, string, unknown> = new Pipeline(
      answers(pending).handler,
      new Semaphore(Infinity),
      clock,
      owner({
        onReply: (reply) => told.push(reply),
        onSettled: () => {
          settled += 1;
          pipeline.answerFinished();
        },
      }),
    );
    for (const frame of ["a", "b", "c"]) pipeline.handle(frame);
    for (const answer of pending) answer.resolve("done");
    await clock.advance(0);
    expect([told, settled]).toEqual([["done", "done", "done"], 1]);
  });

  it("counts a tick as open while handlers finish one behind the other", async () => {
    const pending: Answer[] = [];
    const settled: boolean[] = [];
    const clock = manualClock();
    const { handler } = answers(pending);
    const semaphore = new Semaphore(Infinity);
    const pipeline: Pipeline<string, string, unknown> = new Pipeline(
      handler,
      semaphore,
      clock,
      owner({
        onSettled: () => {
          pipeline.answerFinished();
          settled.push(pipeline.tickOpen);
        },
      }),
    );
    for (const frame of ["a", "b", "c"]) pipeline.handle(frame);
    for (const answer of pending) {
      answer.resolve("");
      for (let microtask = 0; microtask < 3; microtask++) await Promise.resolve();
    }
    await clock.advance(0);
    // However often it was told so before, the last time is when the tick is over.
    expect(settled.at(-1)).toBe(false);
    expect(settled.slice(0, -1).every(Boolean)).toBe(true);
    expect(settled.length).toBeGreaterThanOrEqual(2);
  });
});

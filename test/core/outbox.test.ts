import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Encoder, lines, type SendResult, SpillwayError } from "../../src/core/mod.ts";
import { type Limits, resolveLimits } from "../../src/core/options/limits.ts";
import { Outbox } from "../../src/core/output/outbox.ts";
import { encodeFrame } from "../../src/core/output/output_buffer.ts";
import type { SlowConsumerPolicy } from "../../src/core/output/slow_consumer.ts";
import { EndOfTick } from "../../src/core/time/end_of_tick.ts";
import { schedulerOf } from "../../src/core/time/scheduler.ts";
import { ownedBy } from "../../src/core/transport/owned_by.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { ScriptedConnection } from "./scripted_connection.ts";

const WRITE_BYTES = 65_536;
/** The frame is what is sent, byte for byte. */
const plain: Encoder<string> = {
  encode: (frame, output) => output.text(frame),
  encodeFault: (reason, output) => output.text(`!${reason}`),
};

/** An outbox, and what it told. */
function outboxOf(policy: SlowConsumerPolicy, limits: Partial<Limits> = {}) {
  const connection = new ScriptedConnection();
  const told: string[] = [];
  const clock = manualClock();
  const settings = {
    limits: resolveLimits({ maxOutboundBytes: 100, ...limits }),
    clock,
    slowConsumer: policy,
    scheduler: schedulerOf(clock),
    endOfTick: new EndOfTick(clock, schedulerOf(clock)),
  };
  const outbox: Outbox<string> = new Outbox(plain, settings, {
    onWritten: () => told.push("written"),
    onBroken: () => told.push("broken"),
    onPushed: () => outbox.flush(),
    onSlow: () => told.push("slow"),
  });
  outbox.writer = ownedBy({ onClosed: () => {}, onDropped: () => {}, onTaken: () => {} }, connection).writer;
  const push = (frame: string): SendResult => outbox.push(encodeFrame(plain, frame));
  const slow = () => told.filter((one) => one === "slow").length;
  return { outbox, connection, told, push, slow };
}

/** One whose connection is busy with a write of `busy`. */
function busyOutbox(policy: SlowConsumerPolicy, limits?: Partial<Limits>, busy = "<>") {
  const parts = outboxOf(policy, limits);
  parts.outbox.reply(busy);
  parts.outbox.flush();
  return parts;
}

describe("a push", () => {
  it("is sent, in one write with all of its turn", async () => {
    const { connection, push } = outboxOf("reset");
    expect(["a", "b", "c"].map(push)).toEqual(["sent", "sent", "sent"]);
    expect(connection.writes).toEqual([]);
    await tickEnd();
    expect(connection.writes).toHaveLength(1);
    expect(connection.written).toBe("abc");
  });

  it("leaves as the bytes that it came as, and in order with what joins it", async () => {
    const { outbox, connection, push } = outboxOf("reset");
    const bytes = encodeFrame(plain, "alone");
    outbox.push(bytes);
    await tickEnd();
    expect(connection.writes[0]).toBe(bytes);
    await connection.take();
    push("a");
    outbox.reply("b");
    push("c");
    expect(outbox.pending).toBe(3);
    await tickEnd();
    expect(connection.written).toBe("aloneabc");
    expect(connection.writes).toHaveLength(2);
  });

  it("is queued behind a write in progress, and leaves with what has gathered", async () => {
    const { connection, push } = busyOutbox("reset");
    expect(["a", "b"].map(push)).toEqual(["queued", "queued"]);
    await tickEnd();
    expect(connection.written).toBe("<>");
    await connection.takeAll();
    expect(connection.writes).toHaveLength(2);
    expect(connection.written).toBe("<>ab");
  });

  it("is queued when it would not leave with this write", async () => {
    const { connection, push } = outboxOf("reset", { maxOutboundBytes: 4 * WRITE_BYTES });
    const [first, second] = ["x".repeat(WRITE_BYTES - 1), "yz"];
    expect([push(first), push(second), push("w")]).toEqual(["sent", "queued", "queued"]);
    await connection.takeAll();
    expect(connection.writes.map(({ length }) => length)).toEqual([WRITE_BYTES - 1, 3]);
    expect(connection.written).toBe(`${first}yzw`);
  });

  it("is written in parts when it is large, though nothing else is sent", async () => {
    const { connection, push } = outboxOf("reset");
    const large = "x".repeat(2 * WRITE_BYTES + 1);
    expect(push(large)).toBe("sent");
    await connection.takeAll();
    expect(connection.writes.map(({ length }) => length)).toEqual([WRITE_BYTES, WRITE_BYTES, 1]);
    expect(connection.written).toBe(large);
  });

  it("keeps its place between replies", async () => {
    const { outbox, connection, push } = busyOutbox("reset");
    outbox.reply("1");
    push("a");
    outbox.reply("2");
    push("b");
    outbox.fault(new SpillwayError("handler-failed", "why"));
    await connection.takeAll();
    expect(connection.written).toBe("<>1a2b!handler-failed");
  });

  it("without bytes is a frame all the same", async () => {
    const { outbox, connection, push } = outboxOf("drop-oldest", { maxOutboundFrames: 2 });
    expect(push("")).toBe("sent");
    expect(await outbox.flushed()).toBe(true);
    push("<>");
    await tickEnd();
    expect(["", "", "a"].map(push)).toEqual(["queued", "queued", "queued"]);
    await connection.takeAll();
    expect([connection.written, outbox.framesOut, outbox.framesDropped]).toEqual(["<>a", 4, 1]);
  });

  it("shares its bytes: what nothing else waits with is written as it came", async () => {
    const { outbox, connection } = outboxOf("reset");
    const bytes = new TextEncoder().encode("shared");
    outbox.push(bytes);
    await tickEnd();
    expect(connection.writes[0]).toBe(bytes);
  });
});

describe("the bounds", () => {
  it("of bytes is exact", () => {
    const { outbox, push } = busyOutbox("drop", {}, "x".repeat(40));
    expect(push("y".repeat(60))).toBe("queued");
    expect(outbox.pending).toBe(100);
    expect(push("z")).toBe("dropped");
    expect([outbox.pending, outbox.waitingPushes]).toEqual([100, 1]);
  });

  it("of bytes counts bytes, not characters", () => {
    const { outbox, push } = outboxOf("drop");
    outbox.reply("é".repeat(40));
    expect(push("y".repeat(21))).toBe("dropped");
    expect(push("y".repeat(20))).toBe("queued");
    expect(outbox.pending).toBe(100);
  });

  it("of bytes holds before anything is written", () => {
    const { push } = outboxOf("drop");
    expect([push("x".repeat(100)), push("y")]).toEqual(["sent", "dropped"]);
  });

  it("of bytes is passed by one frame before which nothing waits: a peer that reads quickly is not slow", () => {
    for (const policy of ["drop", "drop-oldest", "reset"] as const) {
      const { outbox, push } = outboxOf(policy);
      expect(push("x".repeat(100_000))).toBe("sent");
      expect(outbox.pending).toBe(100_000);
      expect(push("y")).toBe(policy === "reset" ? "closed" : "dropped");
    }
  });

  it("of frames is exact, and counts what waits behind the write", async () => {
    const { outbox, connection, push, slow } = busyOutbox("drop", { maxOutboundFrames: 3 });
    expect(["a", "b", "c", "d"].map(push)).toEqual(["queued", "queued", "queued", "dropped"]);
    expect([outbox.waitingPushes, outbox.framesDropped, slow()]).toEqual([3, 1, 1]);
    await connection.take();
    expect(["e", "f", "g", "h"].map(push)).toEqual(["queued", "queued", "queued", "dropped"]);
    await connection.takeAll();
    expect(connection.written).toBe("<>abcefg");
  });

  it("do not refuse a reply, which waits before it is given", () => {
    const { outbox, push } = busyOutbox("drop");
    push("y".repeat(98));
    expect(outbox.roomy).toBe(false);
    outbox.reply("z".repeat(500));
    expect(outbox.pending).toBe(600);
  });
});

describe("without room", () => {
  it('"drop" drops the newest, and takes the next for which there is room', async () => {
    const { outbox, connection, push, told } = busyOutbox("drop");
    push("a".repeat(90));
    expect([push("b".repeat(9)), push("c".repeat(8))]).toEqual(["dropped", "queued"]);
    await connection.takeAll();
    expect(connection.written).toBe(`<>${"a".repeat(90)}${"c".repeat(8)}`);
    expect([outbox.framesOut, outbox.framesDropped]).toEqual([3, 1]);
    expect(told.filter((one) => one !== "written")).toEqual(["slow"]);
  });

  it('"drop-oldest" drops as many as it takes, oldest first', async () => {
    const { outbox, connection, push } = busyOutbox("drop-oldest", { maxOutboundBytes: 12 });
    for (const frame of ["aaa", "bbb", "ccc"]) push(frame);
    expect(push("dddd")).toBe("queued");
    expect(outbox.pending).toBe(12);
    expect(push("eeee")).toBe("queued");
    expect(outbox.pending).toBe(10);
    await connection.takeAll();
    expect(connection.written).toBe("<>ddddeeee");
    expect([outbox.framesOut, outbox.framesDropped]).toEqual([3, 3]);
  });

  it('"drop-oldest" drops for the bound of frames, too', async () => {
    const { connection, push } = busyOutbox("drop-oldest", { maxOutboundFrames: 2 });
    for (const frame of "abcde") expect(push(frame)).toBe("queued");
    await connection.takeAll();
    expect(connection.written).toBe("<>de");
  });

  it('"drop-oldest" never drops a reply, which keeps its place', async () => {
    const { outbox, connection, push } = busyOutbox("drop-oldest", { maxOutboundBytes: 12 });
    push("aa");
    outbox.reply("11");
    push("bb");
    outbox.reply("22");
    expect([push("cccc"), push("dddd")]).toEqual(["queued", "queued"]);
    await connection.takeAll();
    expect(connection.written).toBe("<>1122dddd");
    expect(outbox.framesDropped).toBe(3);
  });

  it('"drop-oldest" drops the frame itself, and no other, when no dropping would make room', async () => {
    const { outbox, connection, push } = busyOutbox("drop-oldest", { maxOutboundBytes: 20 }, "x".repeat(10));
    for (const frame of ["aa", "bb", "cc"]) push(frame);
    expect([push("d".repeat(11)), push("e".repeat(21))]).toEqual(["dropped", "dropped"]);
    outbox.reply("r".repeat(10));
    expect(push("f".repeat(5))).toBe("dropped");
    await connection.takeAll();
    expect(connection.written).toBe(`${"x".repeat(10)}aabbcc${"r".repeat(10)}`);
    expect(outbox.framesDropped).toBe(3);
  });

  it('"drop-oldest" leaves what is being written, and what leaves next', async () => {
    const { connection, push } = outboxOf("drop-oldest");
    expect([push("a".repeat(99)), push("b"), push("c")]).toEqual(["sent", "sent", "dropped"]);
    await connection.takeAll();
    expect(connection.written).toBe(`${"a".repeat(99)}b`);
  });

  it('"reset" says that it is closed', () => {
    const { outbox, push, slow } = busyOutbox("reset");
    expect([push("y".repeat(99)), push("y".repeat(99))]).toEqual(["closed", "closed"]);
    expect([outbox.framesDropped, slow()]).toEqual([2, 1]);
  });

  it("is told once, and again when it comes back", async () => {
    const { connection, push, slow } = busyOutbox("drop", { maxOutboundFrames: 1 });
    for (const frame of "abc") push(frame);
    expect(slow()).toBe(1);
    await connection.takeAll();
    push("<>");
    await tickEnd();
    for (const frame of "def") push(frame);
    expect(slow()).toBe(2);
  });

  it("is told again when only replies had waited", async () => {
    const { outbox, connection, push, slow } = outboxOf("drop");
    for (const round of [1, 2]) {
      outbox.reply("x".repeat(100));
      expect(push("a")).toBe("dropped");
      expect(slow()).toBe(round);
      outbox.flush();
      await connection.takeAll();
    }
  });
});

describe("flushed()", () => {
  /** Returns the result of `flushed()`, kept up to date; `undefined` while it is pending. */
  function flushedOf(outbox: Outbox<string>): { told: boolean | undefined } {
    const seen: { told: boolean | undefined } = { told: undefined };
    void outbox.flushed().then((written) => {
      seen.told = written;
    });
    return seen;
  }

  it("is true at once when nothing waits, and false after the end", async () => {
    const { outbox } = outboxOf("reset");
    expect(await outbox.flushed()).toBe(true);
    outbox.end();
    expect(await outbox.flushed()).toBe(false);
  });

  it("waits for all that was sent before, and for nothing that comes later", async () => {
    const { outbox, connection, push } = busyOutbox("reset");
    const first = flushedOf(outbox);
    push("é".repeat(5));
    const second = flushedOf(outbox);
    push("later");
    await connection.take();
    expect([first.told, second.told]).toEqual([true, undefined]);
    await connection.take();
    expect([second.told, connection.written]).toEqual([true, "<>ééééélater"]);
  });

  it("counts the bytes of text that is not encoded yet", async () => {
    const { outbox, connection } = outboxOf("reset", { maxOutboundBytes: 1_000_000 });
    outbox.reply("é".repeat(10));
    const first = flushedOf(outbox);
    outbox.reply("é".repeat(WRITE_BYTES));
    const second = flushedOf(outbox);
    outbox.flush();
    await connection.take();
    expect([first.told, second.told]).toEqual([true, undefined]);
    await connection.take();
    expect(second.told).toBeUndefined();
    await connection.take();
    expect(second.told).toBe(true);
  });

  it("does not wait for what is dropped", async () => {
    const { outbox, connection, push } = busyOutbox("drop-oldest", { maxOutboundFrames: 2 });
    push("aa");
    const first = flushedOf(outbox);
    push("bb");
    const second = flushedOf(outbox);
    push("cc");
    push("dd");
    const third = flushedOf(outbox);
    await connection.take();
    // Both frames were dropped: what was before them is written.
    expect([first.told, second.told, third.told]).toEqual([true, true, undefined]);
    await connection.take();
    expect([third.told, connection.written]).toEqual([true, "<>ccdd"]);
  });

  it("is false when the connection ends first", async () => {
    const { outbox, connection, push, told } = busyOutbox("reset");
    push("a");
    const seen = flushedOf(outbox);
    await connection.break(new SpillwayError("connection-reset", "gone"));
    expect([seen.told, told]).toEqual([false, ["broken"]]);
    expect(outbox.pending).toBe(0);
  });
});

describe("an outbox", () => {
  it("writes every frame that it took, in order, whatever is dropped", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ push: fc.nat({ max: 30 }) }) },
      { weight: 3, arbitrary: fc.record({ reply: fc.nat({ max: 30 }) }) },
      { weight: 1, arbitrary: fc.constant("take" as const) },
      { weight: 1, arbitrary: fc.constant("flushed" as const) },
    );
    const steps = fc.array(step, { maxLength: 60 });
    const property = fc.asyncProperty(steps, fc.constantFrom("drop" as const, "drop-oldest" as const), runModel);
    await fc.assert(property, { seed: 20_261_124, numRuns: 200 });
  });

  it("of lines takes nothing of what its codec refuses", async () => {
    const { outbox, connection } = outboxOf("reset");
    outbox.encoder = lines().encoder();
    expect(() => outbox.reply("two\nlines")).toThrow(expect.objectContaining({ code: "handler-failed" }));
    outbox.reply("one");
    outbox.flush();
    await connection.takeAll();
    expect([connection.written, outbox.framesOut]).toEqual(["one\n", 1]);
  });
});

type Step = { push: number } | { reply: number } | "take" | "flushed";

/** Every frame is told apart by its number; what arrives must be a subsequence, and the replies all there. */
async function runModel(steps: readonly Step[], policy: SlowConsumerPolicy): Promise<void> {
  const { outbox, connection, push } = outboxOf(policy, { maxOutboundBytes: 120, maxOutboundFrames: 4 });
  const expected: { text: string; certain: boolean }[] = [];
  const flushes: Promise<boolean>[] = [];
  let pushes = 0;
  for (const [number, one] of steps.entries()) {
    if (one === "take") await connection.take();
    else if (one === "flushed") flushes.push(outbox.flushed());
    else if ("reply" in one) {
      if (!outbox.roomy) continue;
      const text = `[${number}${"é".repeat(one.reply)}]`;
      outbox.reply(text);
      outbox.flush();
      expected.push({ text, certain: true });
    } else {
      const text = `(${number}${"·".repeat(one.push)})`;
      const result = push(text);
      pushes += 1;
      if (result !== "dropped") expected.push({ text, certain: policy === "drop" || result === "sent" });
    }
    expect(outbox.waitingPushes).toBeLessThanOrEqual(4);
  }
  await connection.takeAll();
  expect(await Promise.all(flushes)).toEqual(flushes.map(() => true));
  const written = connection.written.match(/[[(][^\])]*[\])]/g) ?? [];
  expect(written.join("")).toBe(connection.written);
  expect(subsequence(written, expected)).toBe(true);
  const arrivedPushes = written.filter((text) => text.startsWith("(")).length;
  expect(arrivedPushes + outbox.framesDropped).toBe(pushes);
  expect([outbox.framesOut, outbox.pending]).toEqual([written.length, 0]);
  expect(outbox.bytesOut).toBe(new TextEncoder().encode(connection.written).length);
}

/** Whether `written` is `expected` but for frames that are not certain. */
function subsequence(written: readonly string[], expected: readonly { text: string; certain: boolean }[]): boolean {
  let at = 0;
  for (const { text, certain } of expected) {
    if (written[at] === text) at += 1;
    else if (certain) return false;
  }
  return at === written.length;
}

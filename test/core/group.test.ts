import { describe, expect, it } from "vitest";
import { Semaphore } from "../../src/core/handler/semaphore.ts";
import { type Encoder, lines, type Session, SpillwayError } from "../../src/core/mod.ts";
import { type Limits, resolveLimits } from "../../src/core/options/limits.ts";
import type { SlowConsumerPolicy } from "../../src/core/output/slow_consumer.ts";
import { type Broadcast, Groups, type Member } from "../../src/core/session/groups.ts";
import { ServedSession } from "../../src/core/session/served_session.ts";
import type { SessionSettings } from "../../src/core/session/session_settings.ts";
import { DeadlineQueue } from "../../src/core/time/deadline.ts";
import { EndOfTick } from "../../src/core/time/end_of_tick.ts";
import { schedulerOf } from "../../src/core/time/scheduler.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { ScriptedConnection } from "./scripted_connection.ts";

/** An encoder that counts its calls. */
function counting(name = ""): Encoder<string> & { calls: number } {
  return {
    calls: 0,
    encode(frame, output) {
      this.calls += 1;
      if (frame === "unknown") throw new SpillwayError("reply-invalid", "no frame of this codec");
      if (frame === "broken") throw new Error("broken");
      output.text(name + frame);
    },
  };
}

const clock = manualClock();
const scheduler = schedulerOf(clock);
const endOfTick = new EndOfTick(clock, scheduler);

/** Sessions with nothing behind them but an outbox, in the groups of one server. */
class Sessions {
  readonly groups = new Groups();
  readonly #limits: Partial<Limits>;
  readonly #policy: SlowConsumerPolicy;

  constructor(policy: SlowConsumerPolicy = "drop", limits: Partial<Limits> = {}) {
    this.#policy = policy;
    this.#limits = limits;
  }

  open(encoder: Encoder<string>, onSlow: (session: Session<string>) => void = () => {}) {
    const connection = new ScriptedConnection();
    const { remoteAddress, localAddress } = connection;
    const settings: SessionSettings<string, string, unknown> = {
      codec: { decoder: () => lines().decoder(), encoder: () => encoder },
      handler: (line) => line,
      hooks: undefined,
      authenticates: false,
      limits: resolveLimits({ idleTimeoutMs: Infinity, ...this.#limits }),
      invalidFrame: "close",
      slowConsumer: this.#policy,
      afterReset: "drop",
      clock,
      deadlines: new DeadlineQueue(clock),
      semaphore: new Semaphore(Infinity),
      scheduler,
      groups: this.groups,
      endOfTick,
      observe: ({ type }) => type === "slow-consumer" && onSlow(session),
    };
    const info = { id: 0, remoteAddress, localAddress };
    const session = new ServedSession<string, string, unknown>(connection, info, settings, { onOver: () => {} });
    session.start();
    return { session, connection, outbox: session.outbox };
  }

  /** Members of "all". */
  join(count: number, encoder: (index: number) => Encoder<string>) {
    return Array.from({ length: count }, (_, index) => {
      const opened = this.open(encoder(index));
      opened.session.join("all");
      return opened;
    });
  }
}

describe("a broadcast", () => {
  it("is encoded once, and every member writes the same bytes", async () => {
    const encoder = counting();
    const all = new Sessions();
    const members = all.join(100, () => encoder);
    expect(all.groups.group("all").broadcast("hello")).toEqual({ sent: 100, dropped: 0 });
    await tickEnd();
    expect(encoder.calls).toBe(1);
    const [first] = members.map(({ connection }) => connection.writes[0]);
    expect(new TextDecoder().decode(first)).toBe("hello");
    expect(members.every(({ connection: { writes } }) => writes.length === 1 && writes[0] === first)).toBe(true);
  });

  it("is encoded for each member whose codec makes an encoder for each connection", async () => {
    const encoders = Array.from({ length: 5 }, (_, index) => counting(`${index} `));
    const all = new Sessions();
    const members = all.join(5, (index) => encoders[index] as Encoder<string>);
    all.groups.group("all").broadcast("hello");
    await tickEnd();
    expect(encoders.map(({ calls }) => calls)).toEqual([1, 1, 1, 1, 1]);
    expect(members[3]?.connection.written).toBe("3 hello");
  });

  it("is encoded once for each codec, however its members are mixed", async () => {
    const encoders = [counting("a "), counting("b "), counting("c ")];
    const all = new Sessions();
    const members = all.join(30, (index) => encoders[index % 3] as Encoder<string>);
    all.groups.group("all").broadcast("hello");
    await tickEnd();
    expect(encoders.map(({ calls }) => calls)).toEqual([1, 1, 1]);
    expect(members.slice(0, 4).map(({ connection }) => connection.written)).toEqual([
      "a hello",
      "b hello",
      "c hello",
      "a hello",
    ]);
  });

  it("counts as dropped for members whose codec does not know it, and reaches the others", async () => {
    const all = new Sessions();
    const members = all.join(4, (index) => (index % 2 === 0 ? lines().encoder() : counting()));
    expect(all.groups.group("all").broadcast("two\nlines")).toEqual({ sent: 2, dropped: 2 });
    await tickEnd();
    expect(members.map(({ connection }) => connection.written)).toEqual(["", "two\nlines", "", "two\nlines"]);
    expect(members.map(({ outbox }) => outbox.framesDropped)).toEqual([1, 0, 1, 0]);
  });

  it.each([
    ["unknown", "reply-invalid"],
    ["broken", "codec-failed"],
  ])("that no member's codec takes throws: %s", (frame, code) => {
    const all = new Sessions();
    const members = all.join(3, () => counting());
    const group = all.groups.group<string>("all");
    expect(() => group.broadcast(frame)).toThrow(expect.objectContaining({ code }));
    expect(members.map(({ outbox }) => outbox.pending)).toEqual([0, 0, 0]);
    expect(group.broadcast("next")).toEqual({ sent: 3, dropped: 0 });
  });

  it("that some member's codec takes does not throw, even if there is no room", () => {
    const all = new Sessions("drop", { maxOutboundBytes: 1 });
    const members = all.join(2, (index) => (index === 0 ? counting() : lines().encoder()));
    for (const { outbox } of members) outbox.reply("x");
    expect(all.groups.group("all").broadcast("two\nlines")).toEqual({ sent: 0, dropped: 2 });
  });

  it("leaves out one, and nobody else", async () => {
    const all = new Sessions();
    const members = all.join(3, () => counting());
    const except = members[1]?.session as Session<string>;
    expect(all.groups.group("all").broadcast("hello", { except })).toEqual({ sent: 2, dropped: 0 });
    await tickEnd();
    expect(members.map(({ connection }) => connection.written)).toEqual(["hello", "", "hello"]);
    const stranger = all.open(counting()).session;
    expect(all.groups.group("all").broadcast("hello", { except: stranger })).toEqual({ sent: 3, dropped: 0 });
  });

  it("to nobody is no mistake", () => {
    expect(new Groups().group("none").broadcast("unknown")).toEqual({ sent: 0, dropped: 0 });
  });

  it("does not wait for a slow member, and says that it was dropped there", async () => {
    const all = new Sessions("drop", { maxOutboundFrames: 2 });
    const [slow, quick] = all.join(2, () => counting());
    const group = all.groups.group("all");
    group.broadcast("0");
    await quick?.connection.takeAll();
    const results = [];
    for (const frame of ["1", "2", "3"]) {
      results.push(group.broadcast(frame));
      await quick?.connection.takeAll();
    }
    expect(results.map(({ sent, dropped }) => [sent, dropped])).toEqual([
      [2, 0],
      [2, 0],
      [1, 1],
    ]);
    await slow?.connection.takeAll();
    expect([slow?.connection.written, quick?.connection.written]).toEqual(["012", "0123"]);
  });

  it("goes on while members join, leave and join again because of it", async () => {
    const all = new Sessions("drop", { maxOutboundBytes: 3 });
    const group = all.groups.group<string>("all");
    const encoder = counting();
    const newcomer = all.open(encoder);
    const others = [all.open(encoder), all.open(encoder)];
    const slow = all.open(encoder, (session) => {
      newcomer.session.join("all");
      others[1]?.session.leave("all");
      session.leave("all");
      session.join("all");
    });
    for (const { session } of [slow, ...others]) session.join("all");
    slow.outbox.reply("...");
    const { sent } = group.broadcast("hi!");
    expect(sent).toBe(2);
    expect([...group].map((one) => one === slow.session)).toEqual([false, false, true]);
    await tickEnd();
    expect(others.map(({ connection }) => connection.written)).toEqual(["hi!", ""]);
    expect(newcomer.connection.written).toBe("hi!");
  });

  it("goes on when a slow member was the only one of its kind", () => {
    const all = new Sessions("reset", { maxOutboundBytes: 1 });
    const slow = all.open(counting(), () => slow.session.leave("all"));
    slow.session.join("all");
    slow.outbox.reply("x");
    expect(all.groups.group("all").broadcast("hello")).toEqual({ sent: 0, dropped: 1 });
    expect(all.groups.size).toBe(0);
  });
});

describe("a group", () => {
  it("gives its members as they were when it was asked", () => {
    const all = new Sessions();
    const members = all.join(3, () => counting());
    const group = all.groups.group("all");
    let count = 0;
    for (const member of group) {
      count += 1;
      member.leave("all");
      member.join("all");
    }
    expect([count, group.size]).toEqual([members.length, members.length]);
  });

  it("is there while it has members, and costs nothing to ask for", () => {
    const { groups } = new Sessions();
    const group = groups.group("g");
    expect([group.size, [...group], groups.size]).toEqual([0, [], 0]);
  });

  it("has its members in the order in which they joined, each once", () => {
    const all = new Sessions();
    const [one, two, three] = [all.open(counting()), all.open(counting()), all.open(counting())];
    for (const { session } of [two, one, two, three, one]) session.join("g");
    const group = all.groups.group("g");
    expect([group.name, group.size]).toEqual(["g", 3]);
    expect([...group].map((session) => [one, two, three].findIndex((opened) => opened.session === session))).toEqual([
      1, 0, 2,
    ]);
    two.session.leave("g");
    two.session.leave("g");
    two.session.leave("never joined");
    expect([...group].some((session) => session === two.session)).toBe(false);
    expect([group.size, all.groups.size]).toEqual([2, 1]);
  });

  it("of a name is the same for everybody", () => {
    const all = new Sessions();
    const { session } = all.open(counting());
    session.join("g");
    expect([session.group("g").size, all.groups.group("g").size, session.group("").size]).toEqual([1, 1, 0]);
    session.join("");
    expect(all.groups.group("").size).toBe(1);
  });

  it("is left by a session that ends, as are all its groups, and not joined again", () => {
    const all = new Sessions();
    const { session } = all.open(counting());
    for (let index = 0; index < 10; index++) session.join(`group ${index}`);
    session.leave("group 3");
    expect(all.groups.size).toBe(9);
    session.abort();
    session.join("group 3");
    expect([all.groups.size, all.groups.group("group 1").size]).toEqual([0, 0]);
  });

  it.each([[undefined], [1], [{}], [Symbol("g")]])("of a name that is no string is a mistake: %s", (name) => {
    const all = new Sessions();
    const { session } = all.open(counting());
    for (const call of [() => session.join(name as string), () => session.leave(name as string)]) {
      expect(call).toThrow(TypeError);
    }
    expect(() => all.groups.group(name as string)).toThrow(TypeError);
    expect(all.groups.size).toBe(0);
  });

  it("may have 10,000 members, as there may be 10,000 groups", () => {
    const groups = new Groups();
    const encoder = counting();
    const deliver = (broadcast: Broadcast) => (broadcast.encodedBy(encoder) === undefined ? "dropped" : "sent");
    const members = Array.from({ length: 10_000 }, () => ({ deliver }) as unknown as Member);
    for (const [index, member] of members.entries()) {
      groups.join("all", member);
      groups.join(`group ${index}`, member);
    }
    expect([groups.size, groups.group("all").size]).toEqual([10_001, 10_000]);
    expect(groups.group("all").broadcast("hello")).toEqual({ sent: 10_000, dropped: 0 });
    expect(groups.group("group 9999").broadcast("hello")).toEqual({ sent: 1, dropped: 0 });
    expect(encoder.calls).toBe(2);
    for (const [index, member] of members.entries()) {
      groups.leave("all", member);
      groups.leave(`group ${index}`, member);
    }
    expect(groups.size).toBe(0);
  });
});

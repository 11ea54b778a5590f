import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Handler, ServeOptions, Session, SlowConsumerPolicy } from "../../src/core/mod.ts";
import type { Peer } from "./support/peer.ts";
import { type Served, served } from "./support/served.ts";

const GROUPS = ["one", "two"];
const ORDERLY = ["remote-closed", "handler-closed", "drained"];

type Step =
  | { do: "connect"; reads: boolean }
  | { do: "ask"; whom: number; what: "now" | "later" | "stream" | "say" | "push" | "quit" | "fail"; size: number }
  | { do: "push"; whom: number; size: number }
  | { do: "join" | "leave"; whom: number; group: string }
  | { do: "broadcast"; group: string; size: number }
  | { do: "stall" | "read" | "reset" | "finish" | "close"; whom: number }
  | { do: "wait"; ms: number }
  | { do: "shutdown" };

/** One connection: what it asked for, and what was sent to it. */
interface Line {
  readonly peer: Peer;
  readonly session: Session<string>;
  /** The replies that it should get, in order. */
  readonly expected: string[];
  /** Pushes that were tried while it was open, in order. */
  readonly pushed: string[];
  asked: number;
  /** It has sent its FIN. */
  finished: boolean;
}

/** A server under random use. */
class World {
  readonly lines: Line[] = [];
  readonly #harness: Served;
  readonly #sessions: Session<string>[];
  #count = 0;
  #shut = false;

  static async open(policy: SlowConsumerPolicy, link: number, options: Partial<ServeOptions<string, string>>) {
    const sessions: Session<string>[] = [];
    const harness = await served(
      {
        ...options,
        slowConsumer: policy,
        onConnect: (session) => {
          sessions.push(session);
          session.join("one");
        },
        handler: (line, context) => world.#handle(line, context),
        onDrain: () => "goodbye",
        onDisconnect: async () => {},
      },
      link,
    );
    const world: World = new World(harness, sessions);
    return world;
  }

  constructor(harness: Served, sessions: Session<string>[]) {
    this.#harness = harness;
    this.#sessions = sessions;
  }

  async take(step: Step): Promise<void> {
    if (step.do === "connect") return this.#connect(step.reads);
    if (step.do === "wait") return this.#harness.clock.advance(step.ms);
    if (step.do === "broadcast") return this.#broadcast(step.group, step.size);
    if (step.do === "shutdown") {
      this.#shut = true;
      return void this.#harness.server.shutdown({ timeoutMs: 2_000 });
    }
    const line = this.lines[step.whom % this.lines.length];
    if (line === undefined) return;
    const { peer, session } = line;
    switch (step.do) {
      case "ask":
        return this.#ask(line, step.what, step.size);
      case "push":
        return this.#push(line, step.size);
      case "join":
      case "leave":
        return session[step.do](step.group);
      case "stall":
        return peer.stall();
      case "close":
        return session.close();
      case "finish":
        line.finished = true;
        return peer.finish();
      default:
        return peer[step.do]();
    }
  }

  /** Lets everybody read, ends everything, and looks at what came. */
  async end(): Promise<void> {
    for (const { peer } of this.lines) await peer.read();
    for (const { peer } of this.lines) await peer.finish();
    await this.#harness.clock.advance(100);
    await this.#harness.end();
    for (const line of this.lines) this.#check(line);
  }

  async #connect(reads: boolean): Promise<void> {
    if (this.#shut) return;
    const peer = await this.#harness.connect({ reads });
    const session = this.#sessions.at(-1) as Session<string>;
    this.lines.push({ peer, session, expected: [], pushed: [], asked: 0, finished: false });
  }

  async #ask(line: Line, what: string, size: number): Promise<void> {
    if (line.finished) return;
    const id = `${line.session.connection.id}.${line.asked++}`;
    if (what === "now" || what === "later" || what === "quit") line.expected.push(reply(id, size));
    if (what === "stream") for (const part of [1, 2, 3]) line.expected.push(reply(`${id}.${part}`, size));
    await line.peer.send(`${what} ${id} ${size}\n`);
  }

  readonly #handle: Handler<string, string> = (asked, context) => {
    const [what, id = "", size = "0"] = asked.split(" ");
    const { session } = context;
    if (what === "say") return this.#broadcast("two", Number(size), session);
    if (what === "push") return this.#push(this.#lineOf(session), Number(size));
    if (what === "fail") throw new Error("no");
    if (what === "stream") return this.#stream(id, Number(size));
    if (what === "quit") context.close();
    if (what !== "later") return reply(id, Number(size));
    return new Promise((resolve) => this.#harness.clock.setTimeout(() => resolve(reply(id, Number(size))), 5));
  };

  async *#stream(id: string, size: number): AsyncGenerator<string> {
    for (const part of [1, 2, 3]) {
      yield reply(`${id}.${part}`, size);
      if (part === 2) await new Promise<void>((resolve) => this.#harness.clock.setTimeout(resolve, 5));
    }
  }

  #push(line: Line, size: number): void {
    const frame = this.#frame(size);
    if (line.session.send(frame) !== "closed") line.pushed.push(frame);
  }

  #broadcast(group: string, size: number, except?: Session<string>): void {
    const frame = this.#frame(size);
    const members = [...this.#harness.server.group(group)].filter((member) => member !== except);
    // Noted before: it may be the last thing that a member hears of.
    for (const member of members) this.#lineOf(member).pushed.push(frame);
    const { sent, dropped } = this.#harness.server.group(group).broadcast(frame, except && { except });
    expect(sent + dropped).toBe(members.length);
  }

  #frame(size: number): string {
    return `push ${this.#count++} ${"é".repeat(size)}`;
  }

  #lineOf(session: Session<string>): Line {
    return this.lines.find((line) => line.session === session) as Line;
  }

  #check({ peer, session, expected, pushed }: Line): void {
    const closed = this.#harness.closed.find(({ connection }) => connection.id === session.connection.id);
    const came = peer.received.split("\n").slice(0, -1);
    const pushes = came.filter((frame) => frame.startsWith("push "));
    const replies = came.filter((frame) => frame.startsWith("reply "));
    expect(isSubsequence(pushes, pushed)).toBe(true);
    expect(expected.slice(0, replies.length)).toEqual(replies);
    const reason = closed?.reason as string;
    if (!peer.ended || !ORDERLY.includes(reason)) return;
    const frames = came.filter((frame) => !frame.startsWith("error: "));
    expect([frames.length, pushes.length + (closed?.framesDropped ?? 0)]).toEqual([closed?.framesOut, pushed.length]);
    expect(came.filter((frame) => frame === "goodbye").length).toBe(came.at(-1) === "goodbye" ? 1 : 0);
    if (reason === "remote-closed") expect(replies).toEqual(expected);
  }
}

function reply(id: string, size: number): string {
  return `reply ${id} ${"·".repeat(size)}`;
}

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const one of all) if (one === some[at]) at += 1;
  return at === some.length;
}

const whom = fc.nat({ max: 5 });
const size = fc.constantFrom(0, 3, 20, 200);
const group = fc.constantFrom(...GROUPS);
const what = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.constantFrom("now" as const, "later" as const, "stream" as const, "say" as const, "push" as const),
  },
  { weight: 1, arbitrary: fc.constantFrom("quit" as const, "fail" as const) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("connect" as const), reads: fc.boolean() }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("ask" as const), whom, what, size }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("push" as const), whom, size }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("broadcast" as const), group, size }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("join" as const, "leave" as const), whom, group }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("stall" as const, "read" as const), whom }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("reset" as const, "finish" as const, "close" as const), whom }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 5, 1_000) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: "shutdown" }, { do: "wait", ms: 0 }, { do: "wait", ms: 10 }) },
);

describe("a server under any use", () => {
  it.each(["drop", "drop-oldest", "reset"] as const)("loses no frame uncounted, and no order: %s", async (policy) => {
    const settings = fc.record({
      concurrency: fc.integer({ min: 1, max: 3 }),
      maxConcurrentHandlers: fc.integer({ min: 1, max: 3 }),
      maxOutboundBytes: fc.constantFrom(1, 100, 1_000),
      maxOutboundFrames: fc.integer({ min: 1, max: 5 }),
    });
    const steps = fc.array(step, { minLength: 10, maxLength: 60, size: "max" });
    const property = fc.asyncProperty(settings, fc.constantFrom(1, 30, 1_000), steps, async (options, link, taken) => {
      const world = await World.open(policy, link, { ...options, writeTimeoutMs: 3_000 });
      await world.take({ do: "connect", reads: true });
      for (const one of taken) await world.take(one);
      await world.end();
    });
    await fc.assert(property, { seed: 20_261_124, numRuns: 60 });
  });
});

import type { Context, Group, Handler, Middleware, Service, Session } from "../../src/core/mod.ts";
import type { Simulation } from "../../src/testing/simulation.ts";
import { Flushes } from "./flushes.ts";
import { type Framing, PEER, SERVER } from "./framing.ts";
import { answersTo, requestOf } from "./requests.ts";
import type { Scenario } from "./scenario.ts";
import { SimulatedSteps } from "./steps.ts";

/** The state that the service keeps for a connection. */
export interface Kept {
  /** Requests that were handed to the handler, in order. */
  readonly handled: string[];
  /** Bytes of all that it was given to send; `undefined` when that cannot be told. */
  given: number | undefined;
  upgraded: boolean;
  /** It was told to close. */
  dismissed: boolean;
  over: boolean;
}

/** Authenticates a client with its first frame, whatever that is. */
const authenticates: Middleware<string, string, Kept> = Object.assign<Middleware<string, string, Kept>, object>(
  (text, { session }, next) => {
    session.completeAuthentication();
    return next(text);
  },
  { authenticates: true },
);

function refuse(): never {
  throw new Error("there is nothing to see");
}

/** The values that handlers throw. */
const HOSTILE: readonly [() => unknown, ...(() => unknown)[]] = [
  () => new Error("asked to fail"),
  () => Symbol("hostile"),
  () => ({ toString: refuse, toJSON: refuse }),
  () => Object.defineProperty(new Error("hidden"), "message", { get: refuse }),
  () => new Proxy({}, { get: refuse, getPrototypeOf: refuse, ownKeys: refuse }),
];

/** Does what is asked of it: one service for all workloads. */
export class SimulatedService {
  /** The states, by the connections' ids. */
  readonly kept: Map<number, Kept> = new Map();
  readonly flushes: Flushes = new Flushes();
  readonly steps: SimulatedSteps;
  /** In the order of their connecting; those that are over stay. */
  readonly #sessions: Session<string, Kept>[] = [];
  /** Set before it is served. */
  world!: Simulation;
  readonly service: Service<string, string, Kept>;

  constructor(scenario: Scenario) {
    const { connectMs, disconnectMs, greets, authenticationMs, welcome, limits } = scenario;
    const { afterReset, invalidFrame, beyondMaxConnections, slowConsumer } = scenario;
    const { seed, steps, passesSignal } = scenario;
    this.steps = new SimulatedSteps({ seed, kinds: steps, passesSignal, world: () => this.world });
    this.service = {
      ...limits,
      establish: this.steps.steps,
      ...(authenticationMs !== undefined && { authenticationTimeoutMs: authenticationMs, middleware: [authenticates] }),
      afterReset,
      invalidFrame,
      beyondMaxConnections,
      slowConsumer,
      codec: SERVER.lines,
      handler: this.#handle,
      state: ({ id }) => {
        const kept = { handled: [], given: 0, upgraded: false, dismissed: false, over: false };
        this.kept.set(id, kept);
        return kept;
      },
      onConnect: (session, context) => {
        this.#sessions.push(session);
        this.#welcome(context, welcome);
        return this.#greet(session, greets, connectMs);
      },
      onDisconnect: (session) => {
        session.state.over = true;
        return disconnectMs > 0 ? this.#pause(disconnectMs) : undefined;
      },
      onDrain: (session) => this.#give(session, "goodbye", "lines"),
    };
  }

  /** Something is sent that nobody asked for: to one, over or not, and to a group. */
  tell(whom: number, count: number): void {
    const session = this.#sessions[whom % this.#sessions.length];
    if (session === undefined) return;
    for (let index = 0; index < count; index++) this.#push(session, `@told ${index} ${"t".repeat(200)}`);
    this.#broadcast(this.world.server.group(`g${whom % 3}`), `@g${whom % 3} told`, undefined);
  }

  /** A connection is closed in order, or has been already. */
  dismiss(whom: number): void {
    const session = this.#sessions[whom % this.#sessions.length];
    if (session === undefined) return;
    session.state.dismissed = true;
    session.close();
  }

  readonly #handle: Handler<string, string, Kept> = (text, context) => {
    const { session } = context;
    session.state.handled.push(text);
    // Replies to what was asked before an upgrade leave by the old codec.
    const framing = session.state.upgraded ? "netstrings" : "lines";
    const request = requestOf(text);
    const [answer] = answersTo(request) ?? [];
    const { verb, argument, tag } = request;
    switch (verb) {
      case "wait":
        return this.#pause(Number(argument)).then(() => this.#give(session, answer, framing));
      case "many":
        return this.#stream(session, answersTo(request) ?? [], framing);
      case "pour":
        return this.#pour(session, answersTo(request) ?? [], framing);
      case "promise":
        return this.#answerLater(session, answer, framing);
      case "push":
        for (let index = 0; index < Number(argument); index++)
          this.#push(session, `@self ${tag} ${index} ${"p".repeat(60 * Number(argument))}`);
        this.flushes.watch(session, this.world);
        break;
      case "join":
        session.join(argument);
        break;
      case "leave":
        session.leave(argument);
        break;
      case "say":
        this.#broadcast(session.group(argument), `@${argument} ${tag}`, session);
        break;
      case "upgrade":
        return this.#upgrade(context, answer, framing);
      case "quit":
        context.close();
        break;
      case "end":
        session.state.dismissed = true;
        session.close();
        break;
      case "fail":
        return this.#fail(Number(argument));
      case "block":
        this.world.stall(Number(argument));
        break;
      case "hang":
        return new Promise(() => {});
      case "unsendable":
        return session.state.upgraded ? Promise.reject(new Error("asked to fail")) : "two\nlines";
    }
    return this.#give(session, answer, framing);
  };

  #upgrade(context: Context<string, Kept>, answer: string | undefined, framing: Framing): string | undefined {
    const { session } = context;
    const reply = this.#give(session, answer, framing);
    if (session.state.upgraded) return reply;
    session.state.upgraded = true;
    context.upgrade({
      codec: SERVER.netstrings,
      handler: this.#handle,
      onDrain: () => this.#give(session, "goodbye", "netstrings"),
    });
    return reply;
  }

  #broadcast(group: Group<string>, frame: string, except: Session<string, Kept> | undefined): void {
    for (const member of group) (member.state as Kept).given = undefined;
    const members = group.size;
    const { sent, dropped } = group.broadcast(frame, except && { except });
    const all = sent + dropped;
    if (all > members || all < members - 1)
      this.world.fail(new Error(`${members} members, but ${all} were sent ${frame}`));
  }

  /** Some are turned away, in order or not. */
  #welcome(context: Context<string, Kept>, welcome: Scenario["welcome"]): void {
    if (context.connection.id % 4 !== 0) return;
    if (welcome === "refuse") context.close();
    if (welcome === "throw") throw new Error("not welcome");
  }

  #greet(
    session: Session<string, Kept>,
    greets: boolean,
    ms: number,
  ): string | undefined | Promise<string | undefined> {
    const greeting = greets ? "hello" : undefined;
    return ms === 0
      ? this.#give(session, greeting, "lines")
      : this.#pause(ms).then(() => this.#give(session, greeting, "lines"));
  }

  async *#stream(session: Session<string, Kept>, frames: readonly string[], framing: Framing): AsyncGenerator<string> {
    for (const [index, frame] of frames.entries()) {
      if (index % 3 === 1) await this.#pause(index * 10);
      yield this.#give(session, frame, framing);
    }
  }

  /** A stream that never waits. */
  async *#pour(session: Session<string, Kept>, frames: readonly string[], framing: Framing): AsyncGenerator<string> {
    for (const frame of frames) yield this.#give(session, frame, framing);
  }

  /** Waits for what is there already. */
  async #answerLater(
    session: Session<string, Kept>,
    answer: string | undefined,
    framing: Framing,
  ): Promise<string | undefined> {
    for (let tick = 0; tick < 3; tick++) await undefined;
    return this.#give(session, answer, framing);
  }

  /** Throws, or rejects, with an error or with something that is hard to describe. */
  #fail(how: number): Promise<never> {
    const fail = () => {
      throw (HOSTILE[Math.floor(how / 2)] ?? HOSTILE[0])();
    };
    return how % 2 === 0 ? fail() : Promise.resolve().then(fail);
  }

  #push(session: Session<string, Kept>, frame: string): void {
    const result = session.send(frame);
    if (session.state.over && result !== "closed") this.world.fail(new Error(`a push after the end was ${result}`));
    // A waiting push may be dropped later; and the codec that will encode it is not known here.
    const unsure = result === "queued" && this.service.slowConsumer === "drop-oldest";
    if (unsure || session.state.upgraded) session.state.given = undefined;
    else if (result === "sent" || result === "queued") this.#give(session, frame, "lines");
  }

  #give<Frame extends string | undefined>({ state }: Session<string, Kept>, frame: Frame, framing: Framing): Frame {
    if (state.given !== undefined && frame !== undefined) state.given += PEER[framing].frame(frame).length;
    return frame;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.world.process.setTimeout(resolve, ms));
  }
}

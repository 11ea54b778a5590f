import { SpillwayError } from "../errors/errors.ts";
import { afterTurn } from "../time/clock.ts";
import type { Scheduler } from "../time/scheduler.ts";
import { Beacons } from "./beacons.ts";
import type { Presence, ServerBus } from "./bus.ts";
import { type BusConnection, type BusContext, type BusGap, type BusStats, CONTROL_TOPIC } from "./bus.ts";
import { BusLink } from "./bus_link.ts";
import type { ResolvedBus } from "./bus_options.ts";
import { encodeValue } from "./frame_value.ts";
import { Incoming } from "./incoming.ts";
import { newOrigin, originOfSession, originText } from "./origin.ts";
import { Origins } from "./origins.ts";
import { Outgoing } from "./outgoing.ts";
import { ASKED_KIND, answersTo, Questions } from "./questions.ts";
import { Receiver, type ReceiverOwner } from "./receiver.ts";
import { Subscribing } from "./subscribing.ts";
import { Subscriptions } from "./subscriptions.ts";
import { type GapListeners, tellGap } from "./tell_gap.ts";
import { topicOf, topicOfOrigin } from "./topic_of.ts";
import { BATCH_HEADER_BYTES, type Question, type RecipientKind, TO, writeFrame, writeQuestion } from "./wire.ts";

/** The time between two beacons. */
const BEACON_MS = 1_000;
/** The time to wait for the others when the broker is back: longer than their pauses between attempts. */
const HOLD_MS = 3_000;
/** The time for which a server that is not heard is among those others: longer than it takes to see that a broker hangs. */
const KNOWN_MS = 10_000;
/** The time for the broker to confirm messages. */
const CONFIRM_MS = 5_000;
/** The limit of a message before the broker has said its own. */
const USUAL_PAYLOAD_BYTES = 1_048_576;
/** The time that the last messages have when the server ends. */
const CLOSE_MS = 1_000;
/** A name in UTF-16 that has no UTF-8: it would be another name elsewhere. */
const ILL_FORMED = /\p{Cs}/u;

/** A frame for other servers, which fits into a message. */
export interface PreparedFrame {
  readonly topic: number;
  readonly bytes: Uint8Array;
}

/** The server whose frames the bus carries. */
export interface BusEndpointOwner extends Pick<ReceiverOwner, "clock" | "size" | "deliver">, GapListeners {
  readonly scheduler: Scheduler;
  readonly transport: BusContext["transport"];
  readonly random: (() => number) | undefined;
}

/**
 * A server on a bus: sends the frames that its groups broadcast, and delivers those of other servers.
 *
 * Frames of one turn leave in one message for each topic. Beacons tell the others how many frames were sent, so that a lost last frame is
 * missed, too; they are sent every second while something was sent lately or there are members.
 */
export class BusEndpoint implements ServerBus {
  readonly name: string;
  readonly originNumber: number;
  readonly origin: string;
  readonly #settings: ResolvedBus;
  readonly #owner: BusEndpointOwner;
  readonly #link: BusLink;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #subscriptions: Subscriptions;
  readonly #subscribing: Subscribing;
  readonly #origins: Origins;
  readonly #beacons: Beacons;
  readonly #questions: Questions;
  readonly #receiver: Receiver;
  #maxPayloadBytes = USUAL_PAYLOAD_BYTES;
  /** Whether the end of the turn is awaited. */
  #inTurn = false;
  #timer: unknown;
  /** The servers that were there when the connection was lost, and were not heard since; and the least epoch that counts. */
  #awaited: Map<number, number> = new Map();
  #hung = false;
  #holdTimer: unknown;
  /** The instant since which it is down, after an event that says so. */
  #downAt: number | undefined;
  #closed = false;
  /** Fulfils when the present connection is lost. */
  #lost = Promise.resolve();
  #onLost: () => void = () => undefined;
  /** Called when it is up or closed. */
  #onceUp: (() => void)[] = [];
  readonly #counts = { framesRefused: 0, messagesReceived: 0, bytesReceived: 0, gaps: 0, framesMissed: 0 };

  constructor(settings: ResolvedBus, owner: BusEndpointOwner) {
    const { clock, scheduler, transport, random } = owner;
    this.#settings = settings;
    this.#owner = owner;
    this.name = settings.via.name;
    this.originNumber = newOrigin(random);
    this.origin = originText(this.originNumber);
    const { maxWaitingBytes, maxWaitMs } = settings;
    const link = new BusLink(settings.via, {
      clock,
      transport,
      random: random ?? Math.random,
      takeTopics: () => this.#subscriptions.take(),
      onUp: (connection, topics) => this.#onUp(connection, topics),
      onDown: (error, retryInMs) => this.#onDown(error, retryInMs),
      onMessage: (topic, bytes) => this.#onMessage(topic, bytes),
    });
    this.#link = link;
    this.#incoming = new Incoming(scheduler, {
      maxWaitingBytes,
      open: (topic, bytes) => {
        const frames = this.#receiver.open(topic, bytes);
        if (this.#origins.suspects > 0) this.#arm();
        return frames;
      },
    });
    const incoming = this.#incoming;
    this.#outgoing = new Outgoing(clock, {
      origin: this.originNumber,
      get epoch() {
        return link.epoch;
      },
      maxWaitingBytes,
      maxWaitMs,
      onBroken: (cause) => link.fail(cause),
    });
    const beaconing = { clock, random: random ?? Math.random, origin: this.originNumber };
    this.#beacons = new Beacons(beaconing, link, this.#outgoing);
    this.#subscriptions = new Subscriptions(clock, [CONTROL_TOPIC, topicOfOrigin(this.origin)]);
    // The next sequences of others in new topics are not known.
    this.#subscribing = new Subscribing(this.#subscriptions, link, () => this.#beacons.ask());
    const own = {
      get epoch() {
        return link.epoch;
      },
      get inboundDropped() {
        return incoming.dropped;
      },
    };
    this.#origins = new Origins(clock, this.#subscriptions, own, (gap) => this.#onGap(gap));
    this.#questions = new Questions(clock, {
      live: () => this.#origins.live(),
      ask: (number, name) => this.#ask(number, name),
    });
    const receiving: ReceiverOwner = {
      name: this.name,
      origin: this.originNumber,
      clock,
      frames: settings.frames,
      observe: (event) => owner.observe(event),
      sequenceOf: (topic) => this.#outgoing.sequences[topic] ?? 0,
      onHeard: ({ origin, epoch }) => this.#onHeard(origin, epoch),
      onBeacon: (beacon) => {
        if (this.up) this.#origins.onBeacon(beacon);
      },
      onQuestion: (question) => this.#onQuestion(question),
      onAnswer: (origin, payload) => this.#questions.onAnswer(origin, payload),
      size: (to, name) => owner.size(to, name),
      deliver: (to, name, frame, except) => owner.deliver(to, name, frame, except),
    };
    this.#receiver = new Receiver(receiving, this.#origins);
  }

  start(): void {
    this.#link.start();
  }

  get up(): boolean {
    return this.#link.connection !== undefined;
  }

  stats(): BusStats {
    return {
      up: this.up,
      connects: this.#link.epoch,
      ...this.#outgoing.counts(),
      ...this.#receiver.counts,
      ...this.#counts,
      waitingInboundBytes: this.#incoming.waitingBytes,
      servers: this.#origins.live().length,
      topics: this.#subscriptions.size,
    };
  }

  async settled(): Promise<boolean> {
    if (!this.up && !this.#closed) await new Promise<void>((resolve) => this.#onceUp.push(resolve));
    const { connection } = this.#link;
    if (connection === undefined) return false;
    this.#endTurn();
    while (this.#subscribing.pending !== undefined) await this.#unlessLost(this.#subscribing.pending);
    await this.#unlessLost(this.#outgoing.empty());
    if (this.#link.connection === connection) await this.#unlessLost(connection.flush());
    return this.#link.connection === connection;
  }

  /** Waits for a promise, but not when the connection is lost, or the promise rejects. */
  #unlessLost(promise: Promise<void>): Promise<void> {
    return Promise.race([promise.catch(() => undefined), this.#lost]);
  }

  // For the groups.

  /**
   * Returns a frame for the members of other servers. Nothing is sent yet.
   *
   * @throws {TypeError} the name has no UTF-8
   *
   * @throws {SpillwayError} `bus-frame-invalid`, `bus-frame-too-large`, `bus-full`
   */
  prepare(to: RecipientKind, name: string, frame: unknown, except: string): PreparedFrame {
    if (ILL_FORMED.test(name)) throw new TypeError("a name that crosses between servers must be well-formed Unicode");
    const { form, payload } = encodeValue(frame, this.#settings.frames);
    const bytes = writeFrame({ to, name, except, form, payload });
    const most = Math.min(this.#maxPayloadBytes, this.#settings.maxWaitingBytes) - BATCH_HEADER_BYTES;
    if (bytes.length > most) {
      const message = `the frame has ${bytes.length} bytes on the bus, and ${this.name} takes ${most}`;
      throw new SpillwayError("bus-frame-too-large", message);
    }
    if (this.#settings.whenFull === "refuse" && !this.#outgoing.fits(bytes.length)) {
      this.#counts.framesRefused += 1;
      throw new SpillwayError("bus-full", `${this.#outgoing.waitingBytes} bytes wait for the broker`);
    }
    const topic = to === TO.session ? topicOfOrigin(originOfSession(name) ?? "") : topicOf(to, name);
    return { topic, bytes };
  }

  /** Sends a prepared frame at the end of the turn. */
  publish({ topic, bytes }: PreparedFrame): void {
    if (this.#closed) return;
    this.#outgoing.add(topic, bytes);
    this.#beacons.noteFrame();
    this.#beginTurn();
  }

  /** A group or key has its first member. */
  onFirst(to: RecipientKind, name: string): void {
    if (this.#subscriptions.retain(topicOf(to, name))) this.#beginTurn();
    else this.#arm();
  }

  /** A group or key has lost its last member. */
  onLast(to: RecipientKind, name: string): void {
    this.#subscriptions.release(topicOf(to, name));
  }

  /** Asks all servers for the members of a group. */
  presence(name: string): Promise<Presence> {
    return this.#questions.ask(name, this.#owner.size(ASKED_KIND, name));
  }

  /** Sends waiting frames and says goodbye, in at most a second, and ends the connection. */
  async close(): Promise<void> {
    const { connection } = this.#link;
    if (connection !== undefined && !this.#closed) {
      if (this.#outgoing.held) this.#release();
      this.#beacons.send(true);
      const { clock } = this.#owner;
      const timer = clock.setTimeout(() => this.#onLost(), CLOSE_MS);
      await this.#unlessLost(this.#outgoing.empty().then(() => connection.flush()));
      clock.clearTimeout(timer);
    }
    this.abort();
  }

  /** Ends the connection at once, also while `close` waits. */
  abort(): void {
    if (!this.#closed) this.#end();
  }

  #end(): void {
    const { clock } = this.#owner;
    this.#closed = true;
    clock.clearTimeout(this.#timer);
    clock.clearTimeout(this.#holdTimer);
    this.#beacons.end();
    this.#link.close();
    this.#onLost();
    for (const resolve of this.#onceUp.splice(0)) resolve();
    this.#outgoing.detach();
    this.#incoming.end();
    this.#questions.end();
  }

  // The connection.

  #onUp(connection: BusConnection, topics: readonly number[]): void {
    this.#lost = new Promise((resolve) => {
      this.#onLost = resolve;
    });
    this.#maxPayloadBytes = connection.maxPayloadBytes;
    this.#subscriptions.confirm(topics);
    const downMs = this.#downAt === undefined ? undefined : this.#owner.clock.now() - this.#downAt;
    this.#downAt = undefined;
    this.#outgoing.attach(connection);
    // The next beacons tell of frames that were lost meanwhile, here and there.
    this.#beacons.ask();
    // After a broker was away, the others come back one by one. Frames that wait are for them.
    if (this.#awaited.size === 0) this.#release();
    else this.#holdTimer = this.#owner.clock.setTimeout(() => this.#release(), HOLD_MS);
    this.#subscribing.run();
    const up = { type: "bus-up", bus: this.name } as const;
    this.#owner.observe(downMs === undefined ? up : { ...up, downMs });
    for (const resolve of this.#onceUp.splice(0)) resolve();
    this.#arm();
  }

  #release(): void {
    this.#owner.clock.clearTimeout(this.#holdTimer);
    this.#awaited.clear();
    if (!this.up) return;
    this.#outgoing.release();
    this.#beacons.send();
  }

  #onDown(error: SpillwayError, retryInMs: number): void {
    this.#owner.clock.clearTimeout(this.#holdTimer);
    // A broker that hung still has messages of the connections that were left.
    for (const origin of this.#origins.live(KNOWN_MS))
      this.#awaited.set(origin, this.#hung ? this.#origins.epochOf(origin) + 1 : 0);
    this.#onLost();
    this.#subscribing.reset();
    this.#outgoing.detach();
    if (this.#downAt !== undefined) return;
    this.#downAt = this.#owner.clock.now();
    this.#owner.observe({ type: "bus-down", bus: this.name, error, retryInMs });
  }

  #beginTurn(): void {
    if (this.#inTurn || this.#closed) return;
    this.#inTurn = true;
    afterTurn(this.#owner.clock, () => {
      this.#inTurn = false;
      if (!this.#closed) this.#endTurn();
    });
  }

  #endTurn(): void {
    this.#subscribing.run();
    this.#outgoing.endTurn();
    this.#arm();
  }

  // Beacons.

  /** Whether there is something to say, to find out, or to tidy up. */
  get #active(): boolean {
    const { idle, names } = this.#subscriptions;
    if (this.#beacons.due || idle > 0 || names > 0 || this.#origins.suspects > 0) return true;
    return this.#outgoing.askedAt !== undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#closed || !this.#active) return;
    this.#timer = this.#owner.clock.setTimeout(() => this.#onTimer(), BEACON_MS);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const { connection } = this.#link;
    this.#hung = this.#owner.clock.now() - (this.#outgoing.askedAt ?? Infinity) > CONFIRM_MS;
    if (connection !== undefined && this.#hung) {
      this.#link.fail(new SpillwayError("bus-disconnected", `the broker has not answered for ${CONFIRM_MS} ms`));
    } else if (connection !== undefined) {
      const idle = this.#subscriptions.takeIdle();
      if (idle.length > 0) connection.unsubscribe(idle);
      for (const topic of idle) this.#origins.forgetTopic(topic);
      this.#beacons.onPeriod(BEACON_MS);
      this.#origins.reportOverdue();
    }
    this.#arm();
  }

  #onMessage(topic: number, bytes: Uint8Array): void {
    this.#counts.messagesReceived += 1;
    this.#counts.bytesReceived += bytes.length;
    this.#incoming.push(topic, bytes);
  }

  #onHeard(origin: number, epoch: number): void {
    if (epoch < (this.#awaited.get(origin) ?? Infinity)) return;
    this.#awaited.delete(origin);
    if (this.#awaited.size === 0) this.#release();
  }

  #ask(number: number, name: string): boolean {
    if (!this.up || ILL_FORMED.test(name)) return false;
    const from = { origin: this.originNumber, epoch: this.#link.epoch };
    this.#outgoing.control(writeQuestion({ ...from, number, names: [{ to: ASKED_KIND, name }] }));
    return true;
  }

  #onQuestion(question: Question): void {
    if (question.names.length === 0) this.#beacons.answer();
    for (const answer of answersTo(question, (to, name) => this.#owner.size(to, name))) this.publish(answer);
  }

  #onGap(gap: BusGap): void {
    this.#counts.gaps += 1;
    this.#counts.framesMissed += gap.missed;
    tellGap(this.name, gap, this.#owner);
  }
}

import type { Encoder } from "../codecs/codec.ts";
import { describe } from "../errors/describe.ts";
import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import {
  brokenReason,
  codecError,
  connectionError,
  encodeError,
  frameError,
  handlerError,
  isSkippable,
  slowConsumerError,
  timeoutError,
} from "../errors/faults.ts";
import type { HookExchange } from "../handler/exchange.ts";
import type { Protocol, Reply } from "../handler/handler.ts";
import { Pipeline, type PipelineOwner } from "../handler/pipeline.ts";
import type { SemaphoreWaiter } from "../handler/semaphore.ts";
import type { Group, Recipient, Session, SessionStats } from "../handler/session.ts";
import { GatedWriter } from "../output/gated_writer.ts";
import { Outbox, type OutboxOwner } from "../output/outbox.ts";
import { encodeFrame } from "../output/output_buffer.ts";
import type { SendResult } from "../output/send_result.ts";
import type { DeadlineOwner } from "../time/deadline.ts";
import type { Task } from "../time/scheduler.ts";
import { type ConnectionInfo, connectionInfo } from "../transport/connection_info.ts";
import { Establishing, type EstablishOwner, type EstablishStep } from "../transport/establish.ts";
import { ownedBy } from "../transport/owned_by.ts";
import type { ByteReader, ConnectionOwner, TransportConnection } from "../transport/transport.ts";
import { Goodbye, type GoodbyeOwner } from "./goodbye.ts";
import type { Broadcast, Groups, Member } from "./groups.ts";
import { Inbox, type InboxOwner } from "./inbox.ts";
import { decoderFor } from "./invalid_frame.ts";
import { Memberships } from "./memberships.ts";
import { connectionClosed } from "./observer.ts";
import { type Due, SessionDeadlines } from "./session_deadlines.ts";
import type { SessionSettings } from "./session_settings.ts";
import { carriedBy, type Traffic } from "./traffic.ts";

type Owner<In, Out, State> = InboxOwner & PipelineOwner<In, Out, State> & OutboxOwner & ConnectionOwner;
type Waiter<Out> = DeadlineOwner & SemaphoreWaiter & GoodbyeOwner<Out> & Task & EstablishOwner;

/**
 * The phases of a session, from its beginning to its end.
 *
 * | phase      | input                  | frames           | output                   | ends with                                    |
 * | ---------- | ---------------------- | ---------------- | ------------------------ | -------------------------------------------- |
 * | `serving`  | read                   | handled          | replies, pushes          | the peer's FIN: `half-closed`; `stop`, a fault, a reset: `stopping` |
 * | `half-closed` | at its end          | handled if whole | the same                 | `stop`, a fault, a reset: `stopping`; everything is answered: `ending` |
 * | `stopping` | dropped                | handled if whole | the same, then a goodbye | everything is answered: `ending`             |
 * | `ending`   | dropped                | dropped          | what waits               | nothing waits: FIN is sent, `closing`        |
 * | `closing`  | dropped                |                  |                          | the peer's FIN or the linger timeout: `over` |
 * | `over`     |                        |                  |                          | `onDisconnect` has finished: `gone`          |
 *
 * A session enters `ending` at once, from any earlier phase, when something other than the last answer decides the
 * reason: `close()` in a handler, a fault in its position, a deadline, `abort`. A session whose connection is released
 * or broken enters `over` from any phase. With `afterReset: "finish"` it first handles the frames that it has received,
 * and their replies are void.
 */
export type Phase = "serving" | "half-closed" | "stopping" | "ending" | "closing" | "over" | "gone";

/**
 * The state of the output. Nothing is sent after a goodbye. A FIN that was asked for is first pending (`closing`), then
 * sent (`closed`) while the peer goes on; `released` means that the connection is gone, too.
 */
type WriteSide = "open" | "goodbye" | "closing" | "closed" | "released";

/** The hooks that an upgrade replaces. */
type ChangeableHooks<In, Out, State> = {
  readonly [Hook in "onDrain" | "onEnd"]?: Protocol<In, Out, State>[Hook] | undefined;
};

/** A connection that broke while received frames are still being handled. */
interface Broken {
  /** The number of frames taken before the break. */
  readonly framesIn: number;
  /** Whether the descriptor is released. */
  gone: boolean;
}

/** The server or client that owns a session. */
export interface SessionOwner<In, Out, State> {
  /** Called when the session is gone. */
  onOver(session: ServedSession<In, Out, State>): void;
}

/** The reason for releasing a connection whose peer is not waited for. Nobody sees it, so all connections share it. */
/** The time that the first bytes of a connection may take. */
const FRESH_MS = 2_000;
const RELEASED = new SpillwayError("aborted", "the connection was released");

/** Shared by the snapshots of all sessions without a group. */
const NO_GROUPS: readonly string[] = Object.freeze([]);

/**
 * Serves one connection: inbox → pipeline → outbox.
 *
 * Every event changes a few fields and then calls `#advance`, which does everything that has become possible. So frames
 * are taken in one place, replies leave in one place, and the end is decided in one place. After a slice of work the
 * session flushes, gives the event loop back, and continues when it gets its next slice (`onSlice`).
 *
 * - **Owns** the connection, both of its locks, and the frames in flight.
 * - **Backpressure:** takes a frame only while the pipeline and the outbox have room. {@link Inbox} describes what is
 *   read ahead.
 * - **On abort** signals every handler in flight and drops its reply.
 */
export class ServedSession<In, Out, State> implements Session<Out, State>, Member, Owner<In, Out, State>, Waiter<Out> {
  connection: ConnectionInfo;
  state!: State;
  readonly settings: SessionSettings<In, Out, State>;
  readonly openedAt: number;
  readonly inbox: Inbox<In>;
  readonly pipeline: Pipeline<In, Out, State>;
  readonly outbox: Outbox<Out>;
  #wire: TransportConnection;
  readonly #owner: SessionOwner<In, Out, State>;
  readonly #deadlines: SessionDeadlines;
  #phase: Phase = "serving";
  /** The close reason. It may change until the phase is `ending`. */
  #reason: CloseReason | undefined;
  #error: SpillwayError | undefined;
  #writeSide: WriteSide = "open";
  #broken: Broken | undefined;
  /** Whether FIN was sent, and the peer's FIN has not come. */
  #unconfirmed = false;
  /** Whether `onConnect` has not finished. */
  #opening = false;
  /** Whether `onConnect` was called, so that `onDisconnect` is called, too. */
  #connected = false;
  #authenticating: boolean;
  /** The present hooks. `onEnd` is removed when it is called. */
  #hooks: ChangeableHooks<In, Out, State> | undefined;
  #goodbye: Goodbye<Out> | undefined;
  /** Whether the session waits for a slice, and whether the output of the last slice was flushed. */
  #pause: "none" | "unflushed" | "flushed" = "none";
  /** Whether a chunk came, and no frame was taken since. */
  #fresh = false;
  #advancing = false;
  #advanceAgain = false;
  /** The reason why nothing new is accepted, and the signal that tells it. */
  #drainedFor: CloseReason | undefined;
  #draining: AbortController | undefined;
  /** The step of `startTls` behind the reply that is being sent, and then its run: the session stands still meanwhile. */
  #gate: GatedWriter | undefined;
  #securing: EstablishStep | Establishing | undefined;
  /** The session's groups and keys, if it has any. */
  #memberships: Memberships | undefined;

  /** @throws what making a decoder or encoder throws */
  constructor(
    wire: TransportConnection,
    info: ConnectionInfo,
    settings: SessionSettings<In, Out, State>,
    owner: SessionOwner<In, Out, State>,
  ) {
    const { authenticates, clock, codec, handler, hooks, invalidFrame, semaphore } = settings;
    this.connection = info;
    this.settings = settings;
    this.openedAt = clock.now();
    this.#wire = wire;
    this.#owner = owner;
    this.#authenticating = authenticates;
    this.#hooks = hooks;
    this.inbox = new Inbox(decoderFor(codec, invalidFrame), clock, this);
    this.pipeline = new Pipeline(handler, semaphore, clock, this);
    this.outbox = new Outbox(codec.encoder(), settings, this);
    this.#deadlines = new SessionDeadlines(this, authenticates);
  }

  // The interface for user code.

  get authenticating(): boolean {
    return this.#authenticating;
  }

  get draining(): AbortSignal {
    if (this.#draining === undefined) {
      this.#draining = new AbortController();
      if (this.#drainedFor !== undefined) this.#draining.abort(drainError(this.#drainedFor));
    }
    return this.#draining.signal;
  }

  send(frame: Out): SendResult {
    if (!this.sendable) return "closed";
    let bytes: Uint8Array;
    try {
      bytes = encodeFrame(this.outbox.encoder, frame);
    } catch (cause) {
      throw encodeError(cause);
    }
    return this.outbox.push(bytes);
  }

  flushed(): Promise<boolean> {
    return this.outbox.flushed();
  }

  get id(): string {
    const known = this.sendable;
    const id = this.settings.groups.addId(this, known);
    if (known) this.#addKey(id);
    return id;
  }

  group(name: string): Group<Out, State> {
    return this.settings.groups.group(name);
  }

  to(key: string): Recipient<Out> {
    return this.settings.groups.to(key);
  }

  addKey(key: string): void {
    if (!this.sendable) return;
    this.settings.groups.addKey(key, this);
    this.#addKey(key);
  }

  removeKey(key: string): void {
    this.settings.groups.removeKey(key, this);
    this.#memberships?.keys?.delete(key);
  }

  #addKey(key: string): void {
    this.#memberships ??= new Memberships();
    this.#memberships.addKey(key);
  }

  join(group: string): void {
    if (!this.sendable) return;
    this.settings.groups.join(group, this);
    this.#memberships ??= new Memberships();
    this.#memberships.groups.add(group);
  }

  leave(group: string): void {
    this.settings.groups.leave(group, this);
    this.#memberships?.groups.delete(group);
  }

  stats(): SessionStats {
    const { inbox, outbox } = this;
    const now = this.settings.clock.now();
    // Written out: a spread costs V8 microseconds, and a list of connections asks each of them.
    return {
      bytesIn: inbox.bytesIn,
      bytesOut: outbox.bytesOut,
      framesIn: inbox.framesIn,
      framesOut: outbox.framesOut,
      framesDropped: outbox.framesDropped,
      ageMs: now - this.openedAt,
      quietMs: now - Math.max(inbox.heardAt, outbox.progressAt, this.openedAt),
      waitingOutboundBytes: outbox.pending,
      framesInFlight: this.#inFlight,
      groups: this.#memberships === undefined ? NO_GROUPS : [...this.#memberships.groups],
    };
  }

  completeAuthentication(): void {
    if (!this.#authenticating) return;
    this.#authenticating = false;
    this.#deadlines.authenticationDone = true;
    this.#advance();
  }

  close(): void {
    this.stop("handler-closed");
  }

  closeWrite(): void {
    if (this.sendable) {
      this.#writeSide = "closing";
      this.#leaveGroups();
    }
    this.#advance();
  }

  abort(): void {
    if (!this.over) this.breakOff("aborted", new SpillwayError("aborted", "the service aborted the connection"));
  }

  // The interface for the server or client.

  get phase(): Phase {
    return this.#phase;
  }

  get traffic(): Traffic {
    return carriedBy(this.inbox, this.outbox);
  }

  /** Whether frames can be sent. */
  get sendable(): boolean {
    return !this.#decided && this.#writeSide === "open" && this.#broken === undefined;
  }

  /** Whether the last bytes may not have arrived, as the event `connection-closed` reports. */
  get unconfirmed(): boolean {
    return this.#unconfirmed;
  }

  /**
   * Whether a drain would close the session at once (`idle`), or the session is on its way out (`leaving`). One that was just
   * opened is busy: its first bytes are on their way.
   */
  get parting(): "idle" | "busy" | "leaving" {
    if (this.#phase !== "serving") return "leaving";
    if (this.inbox.bytesIn === 0 && this.settings.clock.now() - this.openedAt < FRESH_MS) return "busy";
    return this.inbox.idle && this.pipeline.length === 0 && this.outbox.pending === 0 ? "idle" : "busy";
  }

  /** Serves the connection to its end, and then tells the owner. Input that is there already waits for `open` or `fail`. */
  start(): void {
    const reader = this.#own();
    if (reader === undefined) return;
    this.#advancing = true;
    this.inbox.run(reader);
    this.#advancing = false;
    if (!this.over) this.#deadlines.arm();
  }

  /** Calls `onConnect`, which may send before the first frame is taken and before any end. Then takes frames. */
  open(): void {
    if (this.over) return;
    if (this.settings.hooks === undefined) {
      if (this.#advanceAgain) this.#advance();
      return;
    }
    this.#opening = this.#advancing = true;
    this.pipeline.runHook("onConnect", (exchange) => this.#connect(exchange));
    this.#advancing = false;
    this.#advance();
  }

  /** Ends in order: answers frames received in full, writes the output, and sends FIN. Half a handshake ends at once. */
  stop(reason: CloseReason): void {
    if (this.#securing instanceof Establishing) return this.#securing.abort(drainError(reason));
    if (this.#stop(reason)) this.#advance();
  }

  /**
   * Says goodbye, and goes on: a grace has begun, and `drain` follows. A session that is not established yet says it when it is; one
   * that is on its way out says nothing.
   */
  announceDrain(): void {
    if (!this.#isServing) return;
    this.#goodbye ??= new Goodbye();
    this.#advance();
  }

  /** Ends in order, as `stop` does, with a goodbye if none was said: the server drains. */
  drain(): void {
    if (this.#securing instanceof Establishing) return this.stop("drained");
    const serving = this.#isServing;
    if (!this.#stop("drained")) return;
    if (serving) {
      this.#goodbye ??= new Goodbye();
      this.#ask(this.#goodbye);
    }
    this.#advance();
  }

  /** Ends with a fault frame, after the replies to earlier frames. */
  fail(error: SpillwayError): void {
    if (this.over) return;
    this.inbox.stop();
    this.pipeline.fault(error);
    this.#advance();
  }

  /** Ends at once. Work in flight is lost. Returns false when there was none. */
  breakOff(reason: CloseReason, error: SpillwayError): boolean {
    if (this.over) return this.#forget();
    const complete = this.#phase === "closing";
    this.#decide(reason, error);
    if (this.#securing instanceof Establishing) this.#securing.abort(error);
    else if (this.#writeSide === "released") this.#complete(error);
    else this.#wire.abort(error);
    if (this.#broken?.gone) this.#complete();
    return !complete;
  }

  isOf(groups: Groups): boolean {
    return this.settings.groups === groups;
  }

  deliver(broadcast: Broadcast): SendResult {
    const bytes = broadcast.encodedBy(this.outbox.encoder);
    if (bytes !== undefined) return this.outbox.push(bytes);
    this.outbox.framesDropped += 1;
    return "dropped";
  }

  // The path of a frame: bytes → decoder → handler → reply → output.

  onHeard(): void {
    this.settings.deadlines.progress += 1;
  }

  onInput(): void {
    this.#fresh = true;
    this.#advance();
  }

  onWaiting(bytes: number): void {
    this.settings.budgets?.inbound.add(bytes);
  }

  #advance(): void {
    if (this.#phase === "closing" || this.over || this.#securing instanceof Establishing) return;
    // A handler or an observer that shuts the server down calls this again. That asks for one more round.
    this.#advanceAgain = true;
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#advanceAgain) {
      this.#advanceAgain = false;
      this.pipeline.answerFinished();
      this.#takeFrames();
      if (this.#goodbye !== undefined) this.#announce(this.#goodbye);
    }
    this.#advancing = false;
    if (this.pipeline.tickOpen) return;
    const ending = this.#phase !== "serving" || this.#writeSide !== "open";
    // The peer expects TLS now, and gets nothing more in plain: neither replies nor a goodbye.
    if (ending && this.#securing !== undefined && !this.#decided) this.#decide(this.#reason ?? "handler-closed");
    if (ending) this.#sayGoodbye();
    // Only now: a handler may have held the event loop.
    const now = this.settings.clock.now();
    if (this.#pause !== "flushed") this.outbox.flush(now);
    if (this.#pause === "unflushed") this.#pause = "flushed";
    if (this.#securing !== undefined && this.#phase === "serving" && this.outbox.pending === 0) return this.#secure();
    if (ending) this.#closeWhenDone();
    // Otherwise the end has set the last deadline.
    if (!this.over) this.#deadlines.settle(now);
  }

  #takeFrames(): void {
    const { inbox, pipeline } = this;
    const { scheduler } = this.settings;
    let worked = false;
    if (this.#opening && pipeline.length === 0) this.#opening = false;
    while (this.#pause === "none") {
      try {
        if (!this.#mayTake()) break;
        // The first frame of a chunk does not wait: frames that came with it would wait as long, and each would cost a
        // round.
        if (scheduler.exhausted && !this.#fresh && !inbox.starved) {
          this.#waitForSlice(worked);
          break;
        }
        this.#fresh = false;
        const frame = inbox.take();
        if (frame === undefined) break;
        worked = true;
        pipeline.handle(frame, inbox.truncated);
      } catch (cause) {
        this.#onFrameError(frameError(cause));
      }
      scheduler.spend();
    }
    if (inbox.eof) this.#takeEnd();
  }

  #mayTake(): boolean {
    const { inbox, pipeline } = this;
    const { limits, semaphore } = this.settings;
    const atOnce = this.#opening || this.#authenticating ? 1 : limits.concurrency;
    if (pipeline.ended || pipeline.held || this.#inFlight >= atOnce || !this.roomy) return false;
    if (semaphore.isFreeFor(this)) return true;
    // A session without a further frame must not wait for a permit to find that out.
    if (pipeline.length > 0 ? !inbox.starved : inbox.peek()) semaphore.wait(this);
    return false;
  }

  /**
   * Handles the peer's FIN. This is a function of its own because a closure in `#takeFrames` would cost each call a
   * scope.
   */
  #takeEnd(): void {
    this.#reason ??= "remote-closed";
    if (this.#phase === "serving") this.#phase = "half-closed";
    const onEnd = this.#hooks?.onEnd;
    const { inbox, pipeline } = this;
    if (onEnd === undefined || !inbox.exhausted || pipeline.length > 0 || pipeline.ended || this.#authenticating)
      return;
    this.#hooks = { onDrain: this.#hooks?.onDrain };
    pipeline.runHook("onEnd", () => onEnd(this));
  }

  get roomy(): boolean {
    return this.settings.asked !== undefined || this.outbox.roomy;
  }

  get finishing(): boolean {
    return this.#broken !== undefined;
  }

  mayPull(): boolean {
    const { scheduler } = this.settings;
    if (this.#pause !== "none") return false;
    if (scheduler.exhausted) this.#waitForSlice(true);
    else scheduler.spend();
    return this.#pause === "none";
  }

  onReply(reply: Out): void {
    if (this.#broken === undefined && !this.#outputEnded) this.outbox.reply(reply);
  }

  onFault(error: SpillwayError): void {
    this.#decide(error.code as CloseReason, error);
    if (this.#broken !== undefined || this.#outputEnded) return;
    try {
      this.outbox.fault(error);
    } catch (cause) {
      this.#observeFrameError(codecError(cause), false);
    }
  }

  onHandlerError(error: SpillwayError): void {
    this.settings.observe({ type: "handler-error", connection: this.connection, error });
  }

  onLastFrame(reason: CloseReason): void {
    if (!this.#decided) this.#phase = "stopping";
    this.#tellDraining(reason);
  }

  onLast(): void {
    this.#decide("handler-closed");
  }

  onUpgrade(to: Protocol<In, Out, State>): void {
    this.inbox.switchTo(decoderFor(to.codec, this.settings.invalidFrame));
    this.#hooks = to;
    if (this.#goodbye === undefined || this.#goodbye.said) return;
    // The new protocol has a goodbye of its own.
    const { asked } = this.#goodbye;
    this.#goodbye = new Goodbye();
    if (asked && this.#phase === "stopping") this.#ask(this.#goodbye);
  }

  onStartTls(step: EstablishStep): void {
    this.#securing = step;
    // The handler took its time, and others work at what came behind the command.
    if (this.#inFlight > 0) this.#refusePlain();
  }

  onEncoder(encoder: Encoder<Out>): void {
    this.outbox.encoder = encoder;
  }

  onSettled(): void {
    this.settings.deadlines.progress += 1;
    this.#advance();
  }

  onPermit(): void {
    this.#advance();
  }

  onSlice(): void {
    this.#pause = "none";
    this.#advance();
  }

  #waitForSlice(worked: boolean): void {
    this.#pause = "unflushed";
    this.settings.scheduler.wait(this, worked);
  }

  #onFrameError(error: SpillwayError): void {
    const skipped = this.settings.invalidFrame !== "close" && isSkippable(error) && !this.inbox.lost;
    // An observer that stops the session must not have it closed before the fault is sent.
    const advancing = this.#advancing;
    this.#advancing = true;
    this.#observeFrameError(error, skipped);
    this.#advancing = advancing;
    if (!skipped) this.fail(error);
  }

  #observeFrameError(error: SpillwayError, skipped: boolean): void {
    this.settings.observe({ type: "frame-error", connection: this.connection, error, skipped });
  }

  // The output.

  onPushed(now: number): void {
    if (this.#phase !== "serving" || this.#writeSide !== "open") return this.#advance();
    if (!this.pipeline.tickOpen) this.outbox.flush(now);
    // Otherwise the queue looks early enough, and finds then what has happened since.
    if (this.outbox.writing) this.#deadlines.settle(now);
  }

  onWritten(now: number | undefined): void {
    this.settings.deadlines.progress += 1;
    // Most writes are the last of their tick, and nothing waits for the room that they leave.
    if (this.outbox.pausing && this.#pause === "none") {
      this.#waitForSlice(true);
      this.#pause = "flushed";
    }
    const done = this.inbox.starved && this.pipeline.length === 0 && this.#phase === "serving";
    if (done && this.#writeSide === "open" && this.#securing === undefined) this.#deadlines.settle(now);
    else this.#advance();
  }

  onTaken(bytes: number): void {
    this.settings.deadlines.progress += 1;
    this.outbox.noteTaken(bytes);
  }

  onSlow(): void {
    const { observe, slowConsumer: policy } = this.settings;
    const { pending: waitingBytes, waitingPushes: waitingFrames } = this.outbox;
    observe({ type: "slow-consumer", connection: this.connection, policy, waitingBytes, waitingFrames });
    if (policy === "reset") this.breakOff("slow-consumer", slowConsumerError());
  }

  // The deadlines.

  onDeadline(now: number): void {
    // A handshake has a deadline of its own. The end of it settles this one again.
    if (this.#securing instanceof Establishing || !this.#deadlines.passed(now)) return;
    if (this.#deadlines.due === "write-timeout") {
      this.outbox.writer.offerAgain?.();
      if (!this.#deadlines.passed(now)) return;
    }
    this.#onDue(this.#deadlines.due);
  }

  #onDue(due: Due): void {
    switch (due) {
      case "linger":
        return this.#wire.abort();
      case "write-timeout":
        return void this.breakOff(due, timeoutError(due));
      case "handler-timeout":
      case "authentication-timeout":
        this.pipeline.timeOut(timeoutError(due));
        return this.#advance();
      case "frame-timeout":
        return this.#onFrameError(timeoutError(due));
      case "disconnect-timeout":
        this.onHandlerError(new SpillwayError("handler-timeout", "onDisconnect did not finish in time"));
        return void this.#forget();
      case "idle-timeout":
      case "silence-timeout":
      case "lifetime-reached":
        return this.stop(due);
    }
  }

  // The beginning and the end.

  get readsOn(): boolean {
    return this.settings.afterReset === "finish";
  }

  onDropped(bytes: number): void {
    this.settings.deadlines.progress += 1;
    this.inbox.noteDropped(bytes);
    this.#deadlines.noteDropped(this.settings.clock.now());
  }

  /** Handles a failed read or write. */
  onBroken(cause: unknown): void {
    if (this.over) return;
    const error = connectionError(cause);
    if (this.#broken !== undefined) return this.onSettled();
    // Only the input has ended, and frames that came before are answered.
    if (error.code === "unexpected-eof") return this.fail(error);
    if (this.#mayFinish) this.#finish(error, false);
    else this.breakOff(brokenReason(error), error);
  }

  onClosed(error: SpillwayError | undefined): void {
    if (error === undefined && !this.#decided && this.#writeSide === "closed") {
      this.#writeSide = "released";
      return;
    }
    const broken = this.#broken;
    if (broken === undefined && (error === undefined || !this.#mayFinish)) return this.#complete(error);
    this.inbox.stop();
    if (broken === undefined) return this.#finish(error as SpillwayError, true);
    broken.gone = true;
    if (this.#decided) this.#complete();
    else this.onSettled();
  }

  /**
   * Makes this session the owner of its connection, and returns the reader. A connection that an establish step still
   * uses is over.
   */
  #own(): ByteReader | undefined {
    try {
      const { reader, writer } = ownedBy(this, this.#wire);
      this.outbox.writer = writer;
      return reader;
    } catch (cause) {
      const message = `the connection cannot be served, because an establish step still uses it: ${describe(cause)}`;
      const error = new SpillwayError("connection-failed", message, { cause });
      // Otherwise it is another session's.
      if (this.#wire.owned !== true) this.#wire.abort(error);
      this.#complete(error);
      return undefined;
    }
  }

  /** Creates the session's state, and calls `onConnect`. */
  #connect(exchange: HookExchange<Out, State>): Reply<Out> | PromiseLike<Reply<Out>> {
    const { onConnect, state } = this.settings.hooks ?? {};
    if (state !== undefined) {
      exchange.hook = "state";
      this.state = state(this.connection);
      exchange.hook = "onConnect";
    }
    this.#connected = true;
    return onConnect?.(this, exchange);
  }

  // TLS behind a command.

  /** Hands the connection to the step, once the reply is sent. */
  #secure(): void {
    const step = this.#securing as EstablishStep;
    if (this.#hasInput()) return this.#refusePlain();
    if (this.#wire.disown === undefined) return this.#refuseTls("the transport cannot hand a connection on");
    this.inbox.release();
    this.#wire.disown(this);
    const gate = new GatedWriter();
    this.outbox.writer = gate;
    this.#gate = gate;
    const { clock, deadlines, limits } = this.settings;
    const settings = { clock, deadlines, timeoutMs: limits.establishTimeoutMs };
    this.#securing = new Establishing(this.connection.id, this.#wire, [step], settings, this);
    this.#securing.start();
  }

  #refusePlain(): void {
    this.#refuseTls("bytes came in plain behind the command that starts TLS");
  }

  #refuseTls(message: string): void {
    this.breakOff("tls-failed", new SpillwayError("tls-failed", message));
  }

  /** Whether there is input behind the frames that were taken. */
  #hasInput(): boolean {
    try {
      return this.inbox.peek() || !this.inbox.idle;
    } catch {
      return true;
    }
  }

  onEstablished(wire: TransportConnection): void {
    this.#securing = undefined;
    this.#wire = wire;
    this.connection = connectionInfo(this.connection.id, wire);
    this.pipeline.held = false;
    const reader = this.#own();
    if (reader === undefined) return;
    this.#gate?.open(this.outbox.writer);
    this.#gate = undefined;
    // Bytes of the handshake count as input of the peer.
    this.inbox.heardAt = this.settings.clock.now();
    this.inbox.run(reader);
    if (!this.over) this.#advance();
  }

  onRefused(error: SpillwayError<string>): void {
    this.#decide(error.code as CloseReason, error as SpillwayError);
    this.#complete(error as SpillwayError);
  }

  /** The number of frames that are not answered. A goodbye that waits for its turn is none. */
  get #inFlight(): number {
    return this.#goodbye?.turn === undefined ? this.pipeline.length : this.pipeline.length - 1;
  }

  get #isServing(): boolean {
    return this.#phase === "serving" || this.#phase === "half-closed";
  }

  /** Whether the connection is released. */
  get over(): boolean {
    return this.#phase === "over" || this.#phase === "gone";
  }

  /** Whether the close reason is final. */
  get #decided(): boolean {
    return this.#phase !== "serving" && this.#phase !== "half-closed" && this.#phase !== "stopping";
  }

  /** Whether FIN is sent or pending although the peer may go on: later replies are void. */
  get #outputEnded(): boolean {
    return this.#writeSide !== "open" && this.#writeSide !== "goodbye";
  }

  get #mayFinish(): boolean {
    return this.settings.afterReset === "finish" && !this.#decided;
  }

  /** Whether everything is answered, and only the goodbye is left to send. */
  get #answered(): boolean {
    if (this.#phase === "serving" || this.#decided || this.#reason === undefined) return false;
    if (!this.inbox.exhausted || this.pipeline.length > 0) return false;
    // A peer that has sent FIN in a grace is not kept for its goodbye.
    return this.#phase === "half-closed" || this.#goodbye?.asking !== true;
  }

  /** Takes no further input. Returns false when the session is ending already. */
  #stop(reason: CloseReason): boolean {
    if (this.#reason !== undefined && this.#phase !== "half-closed") return false;
    this.#reason ??= reason;
    this.#phase = "stopping";
    this.inbox.stop();
    this.#tellDraining(reason);
    return true;
  }

  /** Decides the end: does not wait for handlers, and sends only what already waits. */
  #decide(reason: CloseReason, error?: SpillwayError): void {
    if (!this.#decided) {
      if (this.#broken === undefined) {
        this.#reason = reason;
        this.#error = error;
      }
      this.#phase = "ending";
      this.inbox.stop();
      this.#tellDraining(reason);
      this.#leaveGroups();
    }
    this.pipeline.abort(reason, error);
  }

  /** Aborts `draining`: nothing new is accepted, and endless work should stop. */
  #tellDraining(reason: CloseReason): void {
    if (this.#drainedFor !== undefined) return;
    this.#drainedFor = reason;
    this.#draining?.abort(drainError(reason));
  }

  #leaveGroups(): void {
    this.#memberships?.end(this.settings.groups, this);
    this.#memberships = undefined;
  }

  #ask(goodbye: Goodbye<Out>): void {
    if (goodbye.asked) return;
    const onDrain = this.#hooks?.onDrain;
    goodbye.ask(onDrain && (() => onDrain(this)), this);
  }

  /** In a grace: asks for the goodbye when the session is established, and says it behind the replies to what was taken before. */
  #announce(goodbye: Goodbye<Out>): void {
    const established = !this.#opening && !this.#authenticating && this.#securing === undefined;
    if (!established || !this.#isServing || !this.sendable || this.pipeline.ended) return;
    this.#ask(goodbye);
    // The hook may have closed the session: its goodbye is the last frame then.
    if (!goodbye.ready || !this.#isServing || !this.sendable) return;
    if (this.pipeline.length === 0) this.#say(goodbye);
    else goodbye.turn = this.pipeline.takeTurn();
  }

  onTurn(turn: object): void {
    const goodbye = this.#goodbye;
    // An upgrade may have replaced the goodbye.
    if (goodbye?.turn !== turn) return;
    goodbye.turn = undefined;
    // Where TLS begins now, it is said when that is done.
    if (this.#securing === undefined && this.sendable) this.#say(goodbye);
  }

  onGoodbye(goodbye: Goodbye<Out>): void {
    // An upgrade may have replaced the goodbye.
    if (goodbye === this.#goodbye) this.onSettled();
  }

  onGoodbyeFailed(cause: unknown): void {
    this.#reportHook(cause, "onDrain");
  }

  /** In a drain: sends the goodbye when everything is answered. Nothing is sent after it. */
  #sayGoodbye(): void {
    if (this.#broken !== undefined || this.#writeSide !== "open" || !this.#answered) return;
    const goodbye = this.#goodbye;
    if (goodbye?.ready !== true) return;
    this.#writeSide = "goodbye";
    // The fault of a late authentication would be sent after the goodbye.
    this.#deadlines.authenticationDone = true;
    this.#leaveGroups();
    this.#say(goodbye);
  }

  #say(goodbye: Goodbye<Out>): void {
    try {
      this.outbox.reply(goodbye.take() as Out);
    } catch (cause) {
      this.onGoodbyeFailed(cause);
    }
  }

  /** Sends FIN when the output is empty. */
  #closeWhenDone(): void {
    if (this.#broken !== undefined) return this.#endWhenFinished(this.#broken);
    if (this.outbox.pending > 0) return;
    if (this.#writeSide === "closing" && !this.#decided) {
      this.#writeSide = "closed";
      this.outbox.close();
    }
    if (this.#answered) this.#decide(this.#reason as CloseReason);
    if (this.#phase !== "ending") return;
    const now = this.settings.clock.now();
    this.#phase = "closing";
    this.#deadlines.noteClosing(now);
    if (this.#writeSide === "released") return this.#complete();
    if (this.#wire.finish === undefined) void this.#wire.close();
    else this.#wire.finish();
    this.#unconfirmed = this.#deadlines.lingers(now);
    if (!this.#unconfirmed || this.#isLostToClient) this.#wire.abort(RELEASED);
  }

  /**
   * Whether this is a client's connection that broke a rule. Its requests are rejected, so later input is of no use.
   */
  get #isLostToClient(): boolean {
    return this.settings.asked !== undefined && this.#error !== undefined && !this.inbox.eof;
  }

  /** Handles frames received in full after the connection broke. Their replies are discarded. */
  #finish(error: SpillwayError, gone: boolean): void {
    this.#broken = { framesIn: this.inbox.framesIn, gone };
    this.#reason = brokenReason(error);
    this.#error = error;
    this.#phase = "stopping";
    this.#tellDraining(this.#reason);
    this.#leaveGroups();
    this.outbox.end();
    this.onSettled();
  }

  #endWhenFinished({ gone }: Broken): void {
    const error = this.#error as SpillwayError;
    if (this.#answered) this.#decide(this.#reason as CloseReason, error);
    if (this.#phase !== "ending") return;
    if (gone) this.#complete();
    else this.#wire.abort(error);
  }

  /** Ends the session after the connection is released. */
  #complete(error?: SpillwayError): void {
    if (this.over) return;
    this.#decide(brokenReason(error), error);
    if (error === undefined) this.#unconfirmed = false;
    // A handler may finish long after this. It must not advance the session or arm a deadline.
    this.#phase = "over";
    this.inbox.end();
    this.outbox.end();
    const now = this.settings.clock.now();
    this.#observeEnd(now);
    const told = this.#tellEnd();
    if (told === undefined) return void this.#forget();
    void this.#awaitTold(told);
    this.#deadlines.noteClosing(now);
    this.#deadlines.arm();
  }

  #observeEnd(now: number): void {
    const { traffic } = this;
    const reason = this.#reason as CloseReason;
    const closed = connectionClosed(this.connection, reason, this.#error, traffic, now - this.openedAt);
    const framesAfterReset = this.#broken && traffic.framesIn - this.#broken.framesIn;
    const counted = framesAfterReset === undefined ? closed : { ...closed, framesAfterReset };
    const event = this.#wire.truncated === true ? { ...counted, truncated: true } : counted;
    this.settings.observe(this.#unconfirmed ? { ...event, unconfirmed: true } : event);
  }

  #tellEnd(): PromiseLike<void> | undefined {
    if (!this.#connected) return undefined;
    try {
      return this.settings.hooks?.onDisconnect?.(this, this.#reason as CloseReason) ?? undefined;
    } catch (cause) {
      this.#reportHook(cause, "onDisconnect");
      return undefined;
    }
  }

  async #awaitTold(told: PromiseLike<void>): Promise<void> {
    try {
      await told;
    } catch (cause) {
      this.#reportHook(cause, "onDisconnect");
    }
    this.#forget();
  }

  /** Reports a failed hook that must not prevent an orderly end. */
  #reportHook(cause: unknown, hook: "onDrain" | "onDisconnect"): void {
    this.onHandlerError(cause instanceof SpillwayError ? cause : handlerError(cause, hook));
  }

  /** Releases everything. Returns false when that was done before. */
  #forget(): boolean {
    if (this.#phase === "gone") return false;
    this.#phase = "gone";
    this.#deadlines.end();
    this.settings.semaphore.forget(this);
    this.settings.scheduler.forget(this);
    this.#owner.onOver(this);
    return true;
  }
}

function drainError(reason: CloseReason): SpillwayError {
  return new SpillwayError(reason, "the connection takes nothing new");
}

import type { Encoder } from "../codecs/codec.ts";
import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import { codecError, frameError, isSkippable, slowConsumerError, timeoutError } from "../errors/faults.ts";
import type { Protocol } from "../handler/handler.ts";
import { Pipeline, type PipelineEvents } from "../handler/pipeline.ts";
import type { SemaphoreWaiter } from "../handler/semaphore.ts";
import { Outbox, type OutboxEvents } from "../output/outbox.ts";
import type { Parting } from "../server/grace.ts";
import type { DeadlineOwner } from "../time/deadline.ts";
import type { Task } from "../time/scheduler.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import { ownedBy } from "../transport/owned_by.ts";
import type { Connection, ConnectionOwner } from "../transport/transport.ts";
import { Ending, type EndingParts } from "./ending.ts";
import { Inbox, type InboxEvents } from "./inbox.ts";
import { decoderFor } from "./invalid_frame.ts";
import { ServedSession, type SessionControl } from "./served_session.ts";
import type { SessionSettings } from "./session_settings.ts";
import { carriedBy, type Traffic } from "./traffic.ts";
import { type Due, Watch } from "./watch.ts";

type Events<In, Out, State> = InboxEvents & PipelineEvents<In, Out, State> & OutboxEvents & Others;
type Others = DeadlineOwner & SemaphoreWaiter & ConnectionOwner & Task;

/**
 * Serves one connection: inbox → pipeline → outbox.
 *
 * Whatever happens changes a few fields and then calls `#advance`, which does all that has become possible. So there is one
 * place where frames are taken, one where replies leave, and one where the end is decided.
 * After a slice of work it gives the event loop back, and flushes before that; it goes on when its turn has come (`onSlice`).
 *
 * - **Owns** the connection, both its locks, and the frames in flight.
 * - **Pushes back**: takes a frame only while the pipeline and the outbox have room; see {@link Inbox} for what is read.
 * - **On abort** signals every handler in flight and drops their replies.
 */
export class SessionLoop<In, Out, State>
  implements EndingParts<In, Out, State>, SessionControl<Out>, Parting, Events<In, Out, State>
{
  readonly settings: SessionSettings<In, Out, State>;
  readonly openedAt: number;
  readonly session: ServedSession<Out, State>;
  readonly connection: Connection;
  readonly inbox: Inbox<In>;
  readonly pipeline: Pipeline<In, Out, State>;
  readonly outbox: Outbox<Out>;
  readonly watch: Watch;
  readonly #ending: Ending<In, Out, State>;
  /** What comes before all frames is not done. */
  #opening = false;
  /** Whether it waits for its slice, and if what it has made in the last one was flushed. */
  #pause: "none" | "unflushed" | "flushed" = "none";
  #advancing = false;
  #advanceAgain = false;

  /** @throws what making a decoder or encoder throws */
  constructor(connection: Connection, info: ConnectionInfo, settings: SessionSettings<In, Out, State>) {
    const { authenticates, codec, clock, handler, groups, invalidFrame, semaphore } = settings;
    this.settings = settings;
    this.connection = connection;
    this.openedAt = clock.now();
    this.session = new ServedSession(this, info, groups, authenticates);
    this.inbox = new Inbox(decoderFor(codec, invalidFrame), clock, this);
    this.pipeline = new Pipeline(this.session, handler, semaphore, clock, this);
    this.outbox = new Outbox(codec.encoder(), settings, this);
    this.watch = new Watch(this);
    this.watch.authenticationDone = !authenticates;
    this.#ending = new Ending(this);
  }

  get traffic(): Traffic {
    return carriedBy(this.inbox, this.outbox);
  }

  get sendable(): boolean {
    return this.#ending.sendable;
  }

  get finishing(): boolean {
    return this.#ending.finishing;
  }

  get readsOn(): boolean {
    return this.settings.afterReset === "finish";
  }

  get unconfirmed(): boolean {
    return this.#ending.unconfirmed;
  }

  get roomy(): boolean {
    return this.settings.asked !== undefined || this.outbox.roomy;
  }

  get parting(): Parting["parting"] {
    if (this.#ending.phase !== "serving") return "leaving";
    return this.inbox.idle && this.pipeline.length === 0 && this.outbox.pending === 0 ? "idle" : "busy";
  }

  mayPull(): boolean {
    const { scheduler } = this.settings;
    if (this.#pause !== "none") return false;
    if (scheduler.exhausted) this.#waitForSlice(true);
    else scheduler.spend();
    return this.#pause === "none";
  }

  onSlice(): void {
    this.#pause = "none";
    this.#advance();
  }

  /** Serves the connection to its end, which `onOver` tells. */
  start(): void {
    const { reader, writer } = ownedBy(this, this.connection);
    this.outbox.writer = writer;
    this.inbox.run(reader);
    if (this.#ending.phase !== "over") this.watch.arm(this.#ending.phase);
  }

  /** Tells the service of the connection: it may say something before the first frame is taken, and before any end. */
  connect(): void {
    const { lifecycle } = this.#ending;
    if (lifecycle === undefined) return;
    this.#opening = this.#advancing = true;
    this.pipeline.runHook("onConnect", (exchange) => lifecycle.connect(exchange));
    this.#advancing = false;
    this.#advance();
  }

  /** Ends in order: what was received in full is answered, sent, and followed by FIN. */
  stop(reason: CloseReason): void {
    if (this.#ending.stop(reason)) this.#advance();
  }

  close(): void {
    this.stop("handler-closed");
  }

  closeWrite(): void {
    this.#ending.endOutput();
    this.#advance();
  }

  /** The server drains: `stop`, with a goodbye. */
  drain(): void {
    if (this.#ending.drain()) this.#advance();
  }

  /** Ends with a fault frame, after the replies to what came before. */
  fail(error: SpillwayError): void {
    this.inbox.stop();
    this.pipeline.fault(error);
    this.#advance();
  }

  /** Ends now. What is in flight is lost: false when there was nothing. */
  abort(reason: CloseReason, error: SpillwayError): boolean {
    return this.#ending.abort(reason, error);
  }

  completeAuthentication(): void {
    this.watch.authenticationDone = true;
    this.#advance();
  }

  onClosed(error: SpillwayError | undefined): void {
    this.#ending.end(error);
  }

  onHeard(): void {
    this.settings.deadlines.progress += 1;
  }

  onDropped(bytes: number): void {
    this.settings.deadlines.progress += 1;
    this.inbox.noteDropped(bytes);
    this.watch.noteDropped(this.settings.clock.now());
  }

  onTaken(bytes: number): void {
    this.settings.deadlines.progress += 1;
    this.outbox.noteTaken(bytes);
  }

  onInput(): void {
    this.#advance();
  }

  onWaiting(bytes: number): void {
    this.settings.budgets?.inbound.add(bytes);
  }

  onPermit(): void {
    this.#advance();
  }

  onSettled(): void {
    this.settings.deadlines.progress += 1;
    this.#advance();
  }

  onPushed(now: number): void {
    if (this.#ending.phase !== "serving") return this.#advance();
    if (!this.pipeline.turnOpen) this.outbox.flush(now);
    // Otherwise an earlier deadline is set already, and looks at what has happened since.
    if (this.outbox.writing) this.watch.armForOutput(this.#ending.phase);
  }

  onWritten(): void {
    this.settings.deadlines.progress += 1;
    // Most writes are the last word of a tick: nothing waits for the room that they leave.
    if (this.outbox.pausing && this.#pause === "none") {
      this.#waitForSlice(true);
      this.#pause = "flushed";
    }
    const done = this.inbox.starved && this.pipeline.length === 0 && !this.#ending.outputEnded;
    if (done && this.#ending.phase === "serving") this.watch.armForOutput(this.#ending.phase);
    else this.#advance();
  }

  onReply(reply: Out): void {
    if (!this.#ending.finishing && !this.#ending.outputEnded) this.outbox.reply(reply);
  }

  onFault(error: SpillwayError): void {
    this.#ending.decide(error.code as CloseReason, error);
    if (this.#ending.finishing || this.#ending.outputEnded) return;
    try {
      this.outbox.fault(error);
    } catch (cause) {
      this.#observeFrameError(codecError(cause), false);
    }
  }

  onHandlerError(error: SpillwayError): void {
    this.settings.observe({ type: "handler-error", connection: this.session.connection, error });
  }

  onUpgrade(to: Protocol<In, Out, State>): void {
    this.inbox.switchTo(decoderFor(to.codec, this.settings.invalidFrame));
    this.#ending.sayOtherwise(to);
  }

  onEncoder(encoder: Encoder<Out>): void {
    this.outbox.encoder = encoder;
  }

  onLast(): void {
    this.#ending.decide("handler-closed");
  }

  onBroken(cause: unknown): void {
    this.#ending.break(cause);
  }

  onSlow(): void {
    const { slowConsumer: policy, observe } = this.settings;
    const { pending: waitingBytes, waitingPushes: waitingFrames } = this.outbox;
    observe({ type: "slow-consumer", connection: this.session.connection, policy, waitingBytes, waitingFrames });
    if (policy === "reset") this.abort("slow-consumer", slowConsumerError());
  }

  onDeadline(now: number): void {
    if (!this.watch.passed(this.#ending.phase, now)) return;
    if (this.watch.due === "write-timeout") {
      this.outbox.writer?.offerAgain?.();
      if (!this.watch.passed(this.#ending.phase, now)) return;
    }
    this.#onDue(this.watch.due);
  }

  onOver(): void {
    this.settings.semaphore.forget(this);
    this.settings.scheduler.forget(this);
    this.settings.onOver(this);
  }

  #advance(): void {
    if (this.#ending.closing) return;
    // A handler or an observer gets here again when it shuts the server down: that asks for one more round.
    this.#advanceAgain = true;
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#advanceAgain) {
      this.#advanceAgain = false;
      this.pipeline.answerFinished();
      this.#takeFrames();
    }
    this.#advancing = false;
    if (this.pipeline.turnOpen) return;
    this.#ending.sayGoodbye();
    if (this.#pause !== "flushed") this.outbox.flush();
    if (this.#pause === "unflushed") this.#pause = "flushed";
    this.#ending.closeWhenDone();
    const { phase } = this.#ending;
    // The end itself has seen to what is left.
    if (phase !== "over") this.watch.arm(phase);
  }

  #takeFrames(): void {
    const { scheduler } = this.settings;
    let worked = false;
    if (this.#opening && this.pipeline.length === 0) this.#opening = false;
    while (this.#pause === "none") {
      try {
        if (!this.#mayTake()) break;
        if (scheduler.exhausted && !this.inbox.starved) {
          this.#waitForSlice(worked);
          break;
        }
        const frame = this.inbox.take();
        if (frame === undefined) break;
        worked = true;
        this.pipeline.handle(frame, this.inbox.truncated);
      } catch (cause) {
        this.#onFrameError(frameError(cause));
      }
      scheduler.spend();
    }
    if (this.inbox.eof) this.#takeEnd();
  }

  /** The peer's FIN. A function of its own: a closure in `#takeFrames` would cost each call of that a scope. */
  #takeEnd(): void {
    this.#ending.stopAtEof();
    const last = this.#ending.takeLast();
    if (last !== undefined) this.pipeline.runHook("onEnd", () => last(this.session));
  }

  #waitForSlice(worked: boolean): void {
    this.#pause = "unflushed";
    this.settings.scheduler.wait(this, worked);
  }

  #mayTake(): boolean {
    const { limits, semaphore } = this.settings;
    const atOnce = this.#opening || this.session.authenticating ? 1 : limits.concurrency;
    if (this.pipeline.ended || this.pipeline.length >= atOnce || !this.roomy) return false;
    if (semaphore.isFreeFor(this)) return true;
    // Who has no further frame must not stand in line to find that out.
    if (this.pipeline.length > 0 ? !this.inbox.starved : this.inbox.peek()) semaphore.wait(this);
    return false;
  }

  #onFrameError(error: SpillwayError): void {
    const skipped = this.settings.invalidFrame !== "close" && isSkippable(error) && !this.inbox.lost;
    this.#observeFrameError(error, skipped);
    if (!skipped) this.fail(error);
  }

  #observeFrameError(error: SpillwayError, skipped: boolean): void {
    this.settings.observe({ type: "frame-error", connection: this.session.connection, error, skipped });
  }

  #onDue(due: Due): void {
    switch (due) {
      case "linger":
        return this.connection.abort();
      case "write-timeout":
        return void this.abort(due, timeoutError(due));
      case "handler-timeout":
      case "authentication-timeout":
        this.pipeline.timeOut(timeoutError(due));
        return this.#advance();
      case "frame-timeout":
        return this.#onFrameError(timeoutError(due));
      case "disconnect-timeout":
        return this.#ending.giveUp();
      case "idle-timeout":
      case "silence-timeout":
      case "lifetime-reached":
        return this.stop(due);
    }
  }
}

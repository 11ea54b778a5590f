import type { Decoder, Encoder } from "./codec.ts";
import type { DeadlineOwner } from "./deadline.ts";
import { type CloseReason, SpillwayError } from "./errors.ts";
import type { ConnectionInfo } from "./exchange.ts";
import { brokenReason, codecError, connectionError, frameError, handlerError, isSkippable } from "./faults.ts";
import { Inbox, type InboxEvents } from "./inbox.ts";
import { connectionClosed } from "./observer.ts";
import { Outbox, type OutboxEvents } from "./outbox.ts";
import { Pipeline, type PipelineEvents } from "./pipeline.ts";
import type { SessionSettings } from "./session_settings.ts";
import type { Traffic } from "./traffic.ts";
import type { Connection, Sleeper } from "./transport.ts";
import { type Due, type Phase, Watch } from "./watch.ts";

/**
 * One connection being served: inbox → pipeline → outbox.
 *
 * Whatever happens (input, a finished handler, a finished write, a passed deadline, a drain) changes a few fields and then
 * calls `#advance`, which does all that has become possible. So there is one place where frames are taken, one where
 * replies leave, and one where the end is decided.
 *
 * A session on which nothing happens is *parked*: its connection holds no streams until there is input.
 *
 * - **Owns** the connection, both its locks, and the frames in flight.
 * - **Pushes back**: takes a frame only while the pipeline and the outbox have room; see {@link Inbox} for what is read.
 * - **On abort** signals every handler in flight and drops their replies.
 */
export class Session<In, Out> implements InboxEvents, PipelineEvents<In, Out>, OutboxEvents, DeadlineOwner, Sleeper {
  readonly info: ConnectionInfo;
  readonly #settings: SessionSettings<In, Out>;
  readonly #connection: Connection;
  readonly #inbox: Inbox<In>;
  readonly #pipeline: Pipeline<In, Out>;
  readonly #outbox: Outbox<Out>;
  readonly #watch: Watch;
  readonly #openedAt: number;
  /** No further input: the connection ends with this reason when all that was received is answered. */
  #stopping: CloseReason | undefined;
  /** What is sent last when the server drains, and who says it. */
  #goodbye: Out | undefined | void;
  #onDrain: SessionSettings<In, Out>["onDrain"];
  /** Why the connection ends: decided once. */
  #reason: CloseReason | undefined;
  #error: SpillwayError | undefined;
  /** All was sent and FIN follows: what is left is to wait for the other side's. */
  #closing = false;
  #advancing = false;
  #advanceAgain = false;

  /** @throws what making a decoder or encoder throws */
  constructor(connection: Connection, info: ConnectionInfo, settings: SessionSettings<In, Out>) {
    const { codec, clock, handler, limits, deadlines } = settings;
    this.info = info;
    this.#settings = settings;
    this.#onDrain = settings.onDrain;
    this.#connection = connection;
    this.#openedAt = clock.now();
    this.#inbox = new Inbox(codec.decoder(), clock, this);
    this.#pipeline = new Pipeline(info, handler, clock, this);
    this.#outbox = new Outbox(connection, codec.encoder(), clock, this);
    this.#watch = new Watch(this, limits, deadlines, this.#openedAt, this.#inbox, this.#pipeline, this.#outbox);
  }

  /** How much it has carried so far. */
  get traffic(): Traffic {
    const { bytesIn, framesIn } = this.#inbox;
    const { bytesOut, framesOut } = this.#outbox;
    return { bytesIn, bytesOut, framesIn, framesOut };
  }

  /** Serves the connection to its end, which `onOver` tells. */
  start(): void {
    void this.#connection.closed.then((error) => this.#onOver(error));
    this.#park();
    this.#watch.arm(this.#phase);
  }

  /** Ends in order: what was received in full is answered, sent, and followed by FIN. */
  stop(reason: CloseReason): void {
    if (this.#stopping !== undefined || this.#reason !== undefined) return;
    this.#stopping = reason;
    this.#inbox.stop();
    this.#advance();
  }

  /** The server drains: `stop`, with a goodbye. */
  drain(): void {
    if (this.#phase === "serving") this.#askGoodbye();
    this.stop("drained");
  }

  /** Ends with a fault frame, after the replies to what came before. */
  fail(error: SpillwayError): void {
    this.#inbox.stop();
    this.#pipeline.fault(error);
    this.#advance();
  }

  /** Ends now. What is in flight is lost: false when there was nothing. */
  abort(reason: CloseReason, error: SpillwayError): boolean {
    const complete = this.#closing;
    this.#decide(reason, error);
    this.#connection.abort(error);
    return !complete;
  }

  onWake(): void {
    this.#watch.wake(this.#connection.park !== undefined, this.#settings.clock.now());
    void this.#inbox.run(this.#connection);
  }

  onInput(): void {
    this.#advance();
  }

  onSettled(): void {
    this.#advance();
  }

  onWritten(): void {
    // Most writes are the last word of a turn: nothing waits for the room that they leave.
    if (this.#phase !== "serving" || !this.#inbox.starved) this.#advance();
    else this.#watch.arm("serving");
  }

  onReply(reply: Out): void {
    this.#outbox.reply(reply);
  }

  onFault(error: SpillwayError): void {
    this.#decide(error.code as CloseReason, error);
    this.#inbox.stop();
    try {
      this.#outbox.fault(this.#reason as CloseReason);
    } catch (cause) {
      this.#settings.observe({ type: "frame-error", connection: this.info, error: codecError(cause), skipped: false });
    }
  }

  onHandlerError(error: SpillwayError): void {
    this.#settings.observe({ type: "handler-error", connection: this.info, error });
  }

  onUpgrade(decoder: Decoder<In>, onDrain: SessionSettings<In, Out>["onDrain"]): void {
    this.#inbox.switchTo(decoder);
    this.#onDrain = onDrain;
    if (this.#stopping === "drained") this.#askGoodbye();
  }

  onEncoder(encoder: Encoder<Out>): void {
    this.#outbox.switchTo(encoder);
  }

  onLast(): void {
    this.#inbox.stop();
    this.#decide("handler-closed", undefined);
  }

  onBroken(cause: unknown): void {
    const error = connectionError(cause);
    this.abort(brokenReason(error), error);
  }

  onDeadline(now: number): void {
    if (this.#watch.passed(this.#phase, now)) this.#onDue(this.#watch.due);
  }

  get #phase(): Phase {
    if (this.#closing) return "closing";
    if (this.#reason !== undefined) return "ending";
    return this.#stopping === undefined && !this.#pipeline.ended ? "serving" : "stopping";
  }

  #advance(): void {
    if (this.#closing) return;
    // A handler or an observer gets here again when it shuts the server down: that asks for one more round.
    this.#advanceAgain = true;
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#advanceAgain) {
      this.#advanceAgain = false;
      this.#pipeline.answerFinished();
      this.#takeFrames();
    }
    this.#advancing = false;
    if (this.#goodbye !== undefined && this.#answered) this.#sayGoodbye();
    if (!this.#pipeline.turnOpen) this.#outbox.flush();
    this.#closeWhenDone();
    this.#watch.arm(this.#phase);
  }

  #takeFrames(): void {
    const { concurrency, maxOutboundBytes } = this.#settings.limits;
    const pipeline = this.#pipeline;
    while (!pipeline.ended && pipeline.length < concurrency && this.#outbox.pending < maxOutboundBytes) {
      try {
        const frame = this.#inbox.take();
        if (frame === undefined) break;
        pipeline.handle(frame);
      } catch (cause) {
        this.#onFrameError(frameError(cause));
      }
    }
    if (this.#inbox.eof) this.#stopping ??= "remote-closed";
  }

  #onFrameError(error: SpillwayError): void {
    const { onInvalidFrame, observe } = this.#settings;
    const skipped = onInvalidFrame === "skip" && isSkippable(error) && !this.#inbox.lost;
    observe({ type: "frame-error", connection: this.info, error, skipped });
    if (skipped) return;
    this.#inbox.stop();
    this.#pipeline.fault(error);
  }

  /** Whether nothing more is to be said but goodbye. */
  get #answered(): boolean {
    if (this.#stopping === undefined || this.#reason !== undefined) return false;
    return this.#inbox.exhausted && this.#pipeline.length === 0;
  }

  #askGoodbye(): void {
    const onDrain = this.#onDrain;
    this.#goodbye = undefined;
    this.#report(() => {
      this.#goodbye = onDrain?.(this.info);
    });
  }

  #sayGoodbye(): void {
    const goodbye = this.#goodbye as Out;
    this.#goodbye = undefined;
    this.#report(() => this.#outbox.reply(goodbye));
  }

  /** Runs what must not keep the connection from its orderly end. */
  #report(run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.onHandlerError(cause instanceof SpillwayError ? cause : handlerError(cause));
    }
  }

  /** The end is decided: nobody waits for what is still with the handler. */
  #decide(reason: CloseReason, error: SpillwayError | undefined): void {
    if (this.#reason === undefined) {
      this.#reason = reason;
      this.#error = error;
    }
    this.#pipeline.abort(error ?? new SpillwayError(reason, "the connection is over"));
  }

  #closeWhenDone(): void {
    if (this.#outbox.pending > 0) return;
    if (this.#answered) this.#reason = this.#stopping;
    if (this.#reason === undefined) return;
    this.#closing = true;
    this.#watch.close(this.#settings.clock.now());
    void this.#connection.close();
  }

  #onDue(due: Due): void {
    switch (due) {
      case "park":
        this.#park();
        return this.#watch.arm(this.#phase);
      case "linger":
        return this.#connection.abort();
      case "write-timeout":
        return void this.abort(due, new SpillwayError(due, "the other side takes nothing of what waits to be sent"));
      case "handler-timeout":
        this.#pipeline.timeOut();
        return this.#advance();
      case "frame-timeout":
        this.#onFrameError(new SpillwayError(due, "a frame was begun and not finished in time"));
        return this.#advance();
      case "idle-timeout":
      case "lifetime-reached":
        return this.stop(due);
    }
  }

  #park(): void {
    this.#inbox.release();
    this.#outbox.release();
    this.#watch.park();
    if (this.#connection.park?.(this) !== true) this.onWake();
  }

  #onOver(error: SpillwayError | undefined): void {
    this.#decide(brokenReason(error), error);
    // A handler may finish long after this: there is nothing left to advance, or to arm a deadline for.
    this.#closing = true;
    this.#watch.end();
    const traffic = { ...this.traffic, durationMs: this.#settings.clock.now() - this.#openedAt };
    this.#settings.observe(connectionClosed(this.info, this.#reason as CloseReason, this.#error, traffic));
    this.#settings.onOver(this);
  }
}

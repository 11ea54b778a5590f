import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import { Deadline, type DeadlineQueue } from "./deadline.ts";
import { type CloseReason, SpillwayError } from "./errors.ts";
import type { ConnectionInfo, Handler } from "./exchange.ts";
import { brokenReason, codecError, connectionError, frameError, replyError } from "./faults.ts";
import { Inbox } from "./inbox.ts";
import type { Limits } from "./limits.ts";
import type { ServerEvent } from "./observer.ts";
import { Outbox } from "./outbox.ts";
import { Pipeline } from "./pipeline.ts";
import type { Connection } from "./transport.ts";

/** What all sessions of one server share. */
export interface SessionSettings<In, Out> {
  readonly codec: Codec<In, Out>;
  readonly handler: Handler<In, Out>;
  readonly limits: Limits;
  readonly onInvalidFrame: "close" | "skip";
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly observe: (event: ServerEvent) => void;
}

type TimeoutReason = "idle-timeout" | "frame-timeout" | "handler-timeout" | "write-timeout" | "lifetime-reached";

/**
 * One connection being served: inbox → pipeline → outbox.
 *
 * Whatever happens (input, a finished handler, a finished write, a passed deadline, a drain) changes a few fields and then
 * calls `#advance`, which does all that has become possible. So there is one place where frames are taken, one where
 * replies leave, and one where the end is decided.
 *
 * - **Owns** the connection, both its locks, and the frames in flight.
 * - **Pushes back**: takes a frame only while the pipeline and the outbox have room; see {@link Inbox} for what is read.
 * - **On abort** signals every handler in flight and drops their replies.
 */
export class Session<In, Out> {
  readonly info: ConnectionInfo;
  readonly #settings: SessionSettings<In, Out>;
  readonly #connection: Connection;
  readonly #inbox: Inbox<In>;
  readonly #pipeline: Pipeline<In, Out>;
  readonly #outbox: Outbox<Out>;
  readonly #deadline = new Deadline(() => this.#onDeadline());
  /** What happens when the deadline passes. */
  #deadlineReason: TimeoutReason | "linger" = "idle-timeout";
  readonly #openedAt: number;
  /** No further input: the connection ends with this reason when all that was received is answered. */
  #stopping: CloseReason | undefined;
  /** Why the connection ends: decided once. */
  #reason: CloseReason | undefined;
  #error: SpillwayError | undefined;
  /** All was sent and FIN follows: what is left is to wait for the other side's. */
  #closing = false;
  #closingAt = 0;
  #advancing = false;
  #advanceAgain = false;

  /** @throws what making a decoder or encoder throws */
  constructor(connection: Connection, info: ConnectionInfo, settings: SessionSettings<In, Out>) {
    const { codec, clock, handler, observe } = settings;
    const advance = () => this.#advance();
    const onBroken = (cause: unknown) => this.#onBroken(connectionError(cause));
    const decoder = codec.decoder();
    const encoder = codec.encoder();
    this.info = info;
    this.#settings = settings;
    this.#connection = connection;
    this.#openedAt = clock.now();
    this.#inbox = new Inbox(connection.readable.getReader(), decoder, clock, { onInput: advance, onBroken });
    this.#pipeline = new Pipeline(info, handler, clock, {
      onReply: (reply) => this.#reply(reply),
      onFault: (error) => this.#endWithFault(error),
      onHandlerError: (error) => observe({ type: "handler-error", connection: info, error }),
      onSettled: advance,
    });
    this.#outbox = new Outbox(connection.writable.getWriter(), encoder, clock, { onWritten: advance, onBroken });
  }

  /** How much it has carried so far. */
  get traffic(): Traffic {
    const { bytesIn, framesIn } = this.#inbox;
    const { bytesOut, framesOut } = this.#outbox;
    return { bytesIn, bytesOut, framesIn, framesOut };
  }

  /** Serves the connection to its end; returns the reason. Does not reject. */
  async run(): Promise<CloseReason> {
    void this.#inbox.run();
    this.#arm();
    const error = await this.#connection.closed;
    this.#decide(brokenReason(error), error);
    // A handler may finish long after this: there is nothing left to advance, or to arm a deadline for.
    this.#closing = true;
    this.#settings.deadlines.disarm(this.#deadline);
    return this.#reportClosed();
  }

  /** Ends in order: what was received in full is answered, sent, and followed by FIN. */
  stop(reason: CloseReason): void {
    if (this.#stopping !== undefined || this.#reason !== undefined) return;
    this.#stopping = reason;
    this.#inbox.stop();
    this.#advance();
  }

  /** Ends with a fault frame, after the replies to what came before. */
  fail(error: SpillwayError): void {
    this.#inbox.stop();
    this.#pipeline.fault(error);
    this.#advance();
  }

  /** Ends now. What is in flight is lost. */
  abort(reason: CloseReason, error: SpillwayError): void {
    this.#decide(reason, error);
    this.#connection.abort(error);
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
    if (!this.#pipeline.turnOpen) this.#outbox.flush();
    this.#closeWhenDone();
    this.#arm();
  }

  #takeFrames(): void {
    const { concurrency, maxOutboundBytes } = this.#settings.limits;
    const pipeline = this.#pipeline;
    while (!pipeline.faulted && pipeline.length < concurrency && this.#outbox.pending < maxOutboundBytes) {
      try {
        const frame = this.#inbox.take();
        if (frame === undefined) break;
        pipeline.handle(frame);
      } catch (cause) {
        this.#onFrameError(frameError(cause));
      }
    }
    if (this.#inbox.eof) this.#stopping ??= "peer-closed";
  }

  #onFrameError(error: SpillwayError): void {
    const { onInvalidFrame, observe } = this.#settings;
    const skipped = onInvalidFrame === "skip" && (error.code === "frame-too-large" || error.code === "frame-invalid");
    observe({ type: "frame-error", connection: this.info, error, skipped });
    if (skipped) return;
    this.#inbox.stop();
    this.#pipeline.fault(error);
  }

  #reply(reply: Out): void {
    try {
      this.#outbox.reply(reply);
    } catch (cause) {
      throw replyError(cause);
    }
  }

  #endWithFault(error: SpillwayError): void {
    this.#decide(error.code as CloseReason, error);
    this.#inbox.stop();
    try {
      this.#outbox.fault(this.#reason as CloseReason);
    } catch (cause) {
      this.#settings.observe({ type: "frame-error", connection: this.info, error: codecError(cause), skipped: true });
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
    if (this.#reason === undefined) {
      if (this.#stopping === undefined || !this.#inbox.exhausted || this.#pipeline.length > 0) return;
      this.#reason = this.#stopping;
    }
    this.#closing = true;
    this.#closingAt = this.#settings.clock.now();
    void this.#connection.close();
  }

  #onBroken(error: SpillwayError): void {
    this.abort(brokenReason(error), error);
  }

  #arm(): void {
    this.#setDeadline();
    this.#settings.deadlines.arm(this.#deadline);
  }

  /** Sets the deadline to the earliest instant at which something must happen. */
  #setDeadline(): void {
    const { limits } = this.#settings;
    this.#deadline.at = Infinity;
    if (this.#closing) {
      this.#earliest(this.#closingAt + limits.lingerTimeoutMs, "linger");
      return;
    }
    if (this.#outbox.writing) this.#earliest(this.#outbox.progressAt + limits.writeTimeoutMs, "write-timeout");
    if (this.#reason !== undefined) return;
    if (this.#pipeline.length > 0)
      this.#earliest(this.#pipeline.busySince + limits.handlerTimeoutMs, "handler-timeout");
    // A fault that waits for its turn has stopped the input already.
    if (this.#stopping !== undefined || this.#pipeline.faulted) return;
    this.#earliest(this.#openedAt + limits.lifetimeMs, "lifetime-reached");
    if (this.#inbox.starved) this.#earliest(this.#inbox.frameBegunAt + limits.frameTimeoutMs, "frame-timeout");
    if (this.#pipeline.length === 0 && !this.#outbox.writing) {
      const quietSince = Math.max(this.#inbox.heardAt, this.#pipeline.settledAt, this.#outbox.progressAt);
      this.#earliest(quietSince + limits.idleTimeoutMs, "idle-timeout");
    }
  }

  #earliest(at: number, reason: TimeoutReason | "linger"): void {
    if (at >= this.#deadline.at) return;
    this.#deadline.at = at;
    this.#deadlineReason = reason;
  }

  #onDeadline(): void {
    this.#setDeadline();
    if (this.#deadline.at <= this.#settings.clock.now()) this.#passed(this.#deadlineReason);
    else this.#settings.deadlines.arm(this.#deadline);
  }

  #passed(reason: TimeoutReason | "linger"): void {
    switch (reason) {
      case "linger":
        return this.#connection.abort();
      case "write-timeout":
        return this.abort(reason, new SpillwayError(reason, "the other side takes nothing of what waits to be sent"));
      case "handler-timeout":
        this.#pipeline.timeOut();
        return this.#advance();
      case "frame-timeout":
        return this.#onFrameTimeout();
      case "idle-timeout":
      case "lifetime-reached":
        return this.stop(reason);
    }
  }

  #onFrameTimeout(): void {
    const error = new SpillwayError("frame-timeout", "a frame was begun and not finished in time");
    this.#settings.observe({ type: "frame-error", connection: this.info, error, skipped: false });
    this.fail(error);
  }

  #reportClosed(): CloseReason {
    const reason = this.#reason as CloseReason;
    const durationMs = this.#settings.clock.now() - this.#openedAt;
    const event = { type: "connection-closed", connection: this.info, reason, ...this.traffic, durationMs } as const;
    this.#settings.observe(this.#error === undefined ? event : { ...event, error: this.#error });
    return reason;
  }
}

/** How much a connection, or a server, has carried. */
export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
}

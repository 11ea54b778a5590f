import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import { brokenReason, connectionError } from "../errors/faults.ts";
import type { Reply } from "../handler/handler.ts";
import type { Pipeline } from "../handler/pipeline.ts";
import type { Session } from "../handler/session.ts";
import type { Outbox } from "../output/outbox.ts";
import type { Connection } from "../transport/transport.ts";
import type { Inbox } from "./inbox.ts";
import { Lifecycle } from "./lifecycle.ts";
import { connectionClosed } from "./observer.ts";
import type { ServedSession } from "./served_session.ts";
import type { Hooks, SessionSettings } from "./session_settings.ts";
import type { Traffic } from "./traffic.ts";
import type { Phase, Watch } from "./watch.ts";

/** The connection broke, and what was received is still being handled. */
interface Reset {
  readonly reason: CloseReason;
  readonly error: SpillwayError;
  /** Frames that were taken before. */
  readonly framesIn: number;
  /** The descriptor is given back. */
  gone: boolean;
}

/** What there is to end. */
export interface EndingParts<In, Out, State> {
  readonly settings: SessionSettings<In, Out, State>;
  readonly openedAt: number;
  readonly session: ServedSession<Out, State>;
  readonly connection: Connection;
  readonly inbox: Inbox<In>;
  readonly pipeline: Pipeline<In, Out, State>;
  readonly outbox: Outbox<Out>;
  readonly watch: Watch;
  readonly traffic: Traffic;
  onHandlerError(error: SpillwayError): void;
  onSettled(): void;
  /** Nothing is left to wait for. */
  onOver(): void;
}

/** Why a connection is released whose peer is not waited for: one for all, as nobody sees it. */
const RELEASED = new SpillwayError("aborted", "the connection was released");

/** How a connection comes to its end: `serving → stopping → ending → closing → over`, each step once and none back. */
export class Ending<In, Out, State> {
  /** If the service wants to be told. */
  lifecycle: Lifecycle<In, Out, State> | undefined;
  readonly #parts: EndingParts<In, Out, State>;
  /** No further input: the connection ends with this reason when all that was received is answered. */
  #stopping: CloseReason | undefined;
  /** Why the connection ends: decided once. */
  #reason: CloseReason | undefined;
  #error: SpillwayError | undefined;
  /**
   * Nothing more is sent, while the end is not decided: the goodbye is on its way. Or FIN follows what waits although the
   * peer goes on: it is asked for, or sent; or the peer has sent its own too, and there is no connection any
   * more, but what was received is still to be handled.
   */
  #lastWord: "goodbye" | "asked" | "sent" | "released" | undefined;
  /** All was sent and FIN follows: what is left is to wait for the peer's. */
  #closing = false;
  #reset: Reset | undefined;
  /** FIN was sent, and the peer's is waited for, or did not come. */
  #unconfirmed = false;
  #over = false;
  #forgotten = false;

  constructor(parts: EndingParts<In, Out, State>) {
    this.#parts = parts;
    const { hooks } = parts.settings;
    if (hooks !== undefined) this.lifecycle = new Lifecycle(hooks, parts);
  }

  get phase(): Phase {
    if (this.#over) return "over";
    if (this.#closing) return "closing";
    if (this.#reason !== undefined) return "ending";
    return this.#stopping === undefined && !this.#parts.pipeline.ended ? "serving" : "stopping";
  }

  /** Whether frames can still be sent. */
  get sendable(): boolean {
    return this.#reason === undefined && this.#lastWord === undefined && this.#reset === undefined;
  }

  /** Whether FIN is sent, or about to be, although the peer may go on: what is still said is void. */
  get outputEnded(): boolean {
    return this.#lastWord !== undefined && this.#lastWord !== "goodbye";
  }

  /** Whether the connection broke and what it had brought is still being handled: nothing can be sent any more. */
  get finishing(): boolean {
    return this.#reset !== undefined;
  }

  /** Whether nothing is left to do but to wait for the peer. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether the last bytes may not have arrived: as the event says. */
  get unconfirmed(): boolean {
    return this.#unconfirmed;
  }

  /** Takes no further input, and ends with this reason when all is answered. False when it is ending already. */
  stop(reason: CloseReason): boolean {
    if (this.#stopping !== undefined || this.#reason !== undefined) return false;
    this.#stopping = reason;
    this.#parts.inbox.stop();
    this.#parts.session.drain(reason);
    return true;
  }

  /** The same, with a goodbye. */
  drain(): boolean {
    const { phase } = this;
    if (!this.stop("drained")) return false;
    if (phase === "serving") this.lifecycle?.askGoodbye();
    return true;
  }

  /** Another protocol has another goodbye. */
  sayOtherwise({ onDrain, onEnd }: Pick<Hooks<In, Out, State>, "onDrain" | "onEnd">): void {
    if (onDrain !== undefined || onEnd !== undefined) this.lifecycle ??= new Lifecycle({}, this.#parts);
    if (this.lifecycle === undefined) return;
    this.lifecycle.onDrain = onDrain;
    this.lifecycle.onEnd = onEnd;
    if (this.#stopping === "drained") this.lifecycle.askGoodbye();
  }

  /** The input has ended by itself. */
  stopAtEof(): void {
    this.#stopping ??= "remote-closed";
  }

  /** At the end of the input, when all frames are answered: tells who wants to know, once. Gives the last reply. */
  takeLast(): ((session: Session<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>) | undefined {
    const { lifecycle } = this;
    const { inbox, pipeline, session } = this.#parts;
    const onEnd = lifecycle?.onEnd;
    const due = inbox.eof && inbox.exhausted && pipeline.length === 0 && !pipeline.ended && !session.authenticating;
    if (lifecycle === undefined || onEnd === undefined || !due) return undefined;
    lifecycle.onEnd = undefined;
    return onEnd;
  }

  /** Nothing more is sent: FIN follows what waits. What arrives is still handled. */
  endOutput(): void {
    if (!this.sendable) return;
    this.#lastWord = "asked";
    this.#parts.session.leaveAll();
  }

  /** The end is decided: nobody waits for what is still with the handler, and nothing more is sent but what waits. */
  decide(reason: CloseReason, error?: SpillwayError): void {
    if (this.#reason === undefined) {
      this.#reason = this.#reset?.reason ?? reason;
      this.#error = this.#reset?.error ?? error;
      this.#parts.inbox.stop();
      this.#parts.session.drain(reason);
      this.#parts.session.leaveAll();
    }
    this.#parts.pipeline.abort(reason, error);
  }

  /** Ends now. What is in flight is lost: false when there was nothing. */
  abort(reason: CloseReason, error: SpillwayError): boolean {
    if (this.#over) return this.forget();
    const complete = this.#closing;
    this.decide(reason, error);
    if (this.#lastWord === "released") this.#complete(error);
    else this.#parts.connection.abort(error);
    if (this.#reset?.gone) this.#complete();
    return !complete;
  }

  /** The connection broke. */
  break(cause: unknown): void {
    const error = connectionError(cause);
    if (this.#reset !== undefined) return this.#parts.onSettled();
    if (this.#mayFinish()) this.#finish(error, false);
    else this.abort(brokenReason(error), error);
  }

  /** Says goodbye when nothing else is to be said, and nothing after it. */
  sayGoodbye(): void {
    if (this.#reset !== undefined || this.#lastWord !== undefined || !this.#answered()) return;
    const { lifecycle } = this;
    const { outbox, session, watch } = this.#parts;
    const goodbye = lifecycle?.takeGoodbye();
    if (lifecycle === undefined || goodbye === undefined) return;
    this.#lastWord = "goodbye";
    // Authentication that is not complete in time would have its fault sent behind this.
    watch.authenticationDone = true;
    session.leaveAll();
    lifecycle.report("onDrain", () => outbox.reply(goodbye));
  }

  /** Sends FIN when all is sent. */
  closeWhenDone(): void {
    const { connection, outbox, settings, watch } = this.#parts;
    if (this.#reset !== undefined) return this.#endWhenFinished(this.#reset);
    if (outbox.pending > 0) return;
    if (this.#lastWord === "asked" && this.#reason === undefined) {
      this.#lastWord = "sent";
      outbox.close();
    }
    if (this.#answered()) this.decide(this.#stopping as CloseReason);
    if (this.#reason === undefined) return;
    const now = settings.clock.now();
    this.#closing = true;
    watch.close(now);
    if (this.#lastWord === "released") return this.#complete();
    void connection.close();
    this.#unconfirmed = watch.lingers(now);
    if (!this.#unconfirmed || this.#lostToClient()) connection.abort(RELEASED);
  }

  /** Whether this is a client's connection that broke a rule: its requests are rejected, so nothing that comes from it is of use. */
  #lostToClient(): boolean {
    const { inbox, settings } = this.#parts;
    return settings.asked !== undefined && this.#error !== undefined && !inbox.eof;
  }

  /** The connection is gone. */
  end(error: SpillwayError | undefined): void {
    if (error === undefined && this.#reason === undefined && this.#lastWord === "sent") {
      this.#lastWord = "released";
      return;
    }
    const reset = this.#reset;
    if (reset === undefined && (error === undefined || !this.#mayFinish())) return this.#complete(error);
    this.#parts.inbox.stop();
    if (reset === undefined) return this.#finish(error as SpillwayError, true);
    reset.gone = true;
    if (this.#reason === undefined) this.#parts.onSettled();
    else this.#complete();
  }

  #mayFinish(): boolean {
    return this.#parts.settings.afterReset === "finish" && this.#reason === undefined;
  }

  /** What was received in full is handled all the same; its replies go nowhere. */
  #finish(error: SpillwayError, gone: boolean): void {
    const { inbox, outbox, session } = this.#parts;
    const reason = brokenReason(error);
    this.#reset = { reason, error, framesIn: inbox.framesIn, gone };
    this.#stopping ??= reason;
    session.drain(reason);
    session.leaveAll();
    outbox.end();
    this.#parts.onSettled();
  }

  #endWhenFinished({ reason, error, gone }: Reset): void {
    if (this.#answered()) this.decide(reason, error);
    if (this.#reason === undefined) return;
    if (gone) this.#complete();
    else this.#parts.connection.abort(error);
  }

  #complete(error?: SpillwayError): void {
    if (this.#over) return;
    const { lifecycle } = this;
    const { inbox, outbox, watch } = this.#parts;
    this.decide(brokenReason(error), error);
    if (error === undefined) this.#unconfirmed = false;
    // A handler may finish long after this: there is nothing left to advance, or to arm a deadline for.
    this.#closing = this.#over = true;
    inbox.end();
    outbox.end();
    const now = this.#observeEnd();
    if (lifecycle === undefined) return void this.forget();
    if (lifecycle.disconnect(this.#reason as CloseReason, () => void this.forget())) return;
    watch.close(now);
    watch.arm("over");
  }

  /** Whoever is told of the end takes too long. */
  giveUp(): void {
    this.lifecycle?.giveUp();
    this.forget();
  }

  /** Nothing is waited for any more. False when that was so already. */
  forget(): boolean {
    if (this.#forgotten) return false;
    this.#forgotten = true;
    this.#parts.watch.end();
    this.#parts.onOver();
    return true;
  }

  /** Whether nothing more is to be said but goodbye. */
  #answered(): boolean {
    if (this.#stopping === undefined || this.#reason !== undefined) return false;
    const { inbox, pipeline } = this.#parts;
    return inbox.exhausted && pipeline.length === 0 && this.lifecycle?.asking !== true;
  }

  #observeEnd(): number {
    const { openedAt, session, settings, traffic } = this.#parts;
    const now = settings.clock.now();
    const reason = this.#reason as CloseReason;
    const closed = connectionClosed(session.connection, reason, this.#error, traffic, now - openedAt);
    const framesAfterReset = this.#reset && traffic.framesIn - this.#reset.framesIn;
    const event = framesAfterReset === undefined ? closed : { ...closed, framesAfterReset };
    settings.observe(this.#unconfirmed ? { ...event, unconfirmed: true } : event);
    return now;
  }
}

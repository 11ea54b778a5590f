import { type ConnectionInfo, type Context, describe, isPromiseLike, isStream, type Service } from "../core/mod.ts";
import { shownFrame } from "./frame_text.ts";
import type { Trace } from "./trace.ts";

/** The functions of a service that a tap watches. */
type Worker = "the handler" | "onConnect" | "onEnd" | "onDrain" | "onDisconnect";

/** A call of the service that has not finished. */
export interface Work {
  readonly connection: ConnectionInfo;
  readonly worker: Worker;
  /** The frame, as a trace shows it. */
  readonly frame: string | undefined;
  /** The instant at which it began, in time that the process has had; and the time that the process had lost before. */
  readonly since: number;
  readonly lostBefore: number;
}

type AnyService = Service<unknown, unknown, unknown>;

/** Wraps a service, and sees what its functions get, return and throw. The results pass unchanged, in the same tick. */
export class ServiceTap {
  /** The calls that have not finished. */
  readonly working: Set<Work> = new Set();
  /** The connections that have upgraded to another protocol, which the tap does not see. */
  readonly upgraded: Set<number> = new Set();
  /** The connections with a reply that is a stream: whether that still goes on is not seen. */
  readonly streamed: Set<number> = new Set();
  /** The numbers of frames handed to handlers, and of calls that have finished later than they returned. */
  handled = 0;
  finishedLate = 0;
  /** Where the calls are noted, once there is a simulation. */
  trace: Trace | undefined;
  /** Returns the time that the process has had: without jumps of the clock, and without stalls. */
  elapsed: () => number = () => 0;
  /** Returns the time that jumps and stalls have taken. */
  lost: () => number = () => 0;
  /** The last call of each connection that failed. */
  readonly failed: Map<number, Work> = new Map();
  /** The connections whose last call failed after a jump or a stall in its midst: it may just have been late. */
  readonly excused: Set<number> = new Set();
  /** Called for each frame that a handler gets, and for each that it returns. */
  onFrame: (connection: ConnectionInfo, frame: unknown) => void = () => undefined;
  onReply: (reply: unknown) => void = () => undefined;
  /** Called with the session of each frame. */
  onSession: (session: object) => void = () => undefined;

  wrap(service: AnyService): AnyService {
    const { handler, onConnect, onEnd, onDrain, onDisconnect } = service;
    return {
      ...service,
      handler: (frame, context) => {
        this.handled += 1;
        const { connection } = context;
        const shown = shownFrame(frame);
        this.#say(connection, `handles ${shown}`);
        this.onFrame(connection, frame);
        this.onSession(context.session);
        this.#watchUpgrade(context);
        return this.#run(
          { connection, worker: "the handler", frame: shown, since: this.elapsed(), lostBefore: this.lost() },
          () => handler(frame, context),
        );
      },
      ...(onConnect && {
        onConnect: (session, context) => this.#hook("onConnect", session.connection, () => onConnect(session, context)),
      }),
      ...(onEnd && { onEnd: (session) => this.#hook("onEnd", session.connection, () => onEnd(session)) }),
      ...(onDrain && { onDrain: (session) => this.#hook("onDrain", session.connection, () => onDrain(session)) }),
      ...(onDisconnect && {
        onDisconnect: (session, reason) =>
          this.#hook("onDisconnect", session.connection, () => onDisconnect(session, reason)),
      }),
    };
  }

  /** Whether a call of the service for that connection may not have finished. */
  isBusy(id: number): boolean {
    return this.streamed.has(id) || this.workOf(id) !== undefined;
  }

  /** Returns what a connection waits for: the oldest call first. */
  workOf(id: number): Work | undefined {
    for (const work of this.working) if (work.connection.id === id) return work;
    return undefined;
  }

  #hook<Result>(worker: Worker, connection: ConnectionInfo, run: () => Result): Result {
    return this.#run({ connection, worker, frame: undefined, since: this.elapsed(), lostBefore: this.lost() }, run);
  }

  #run<Result>(work: Work, run: () => Result): Result {
    this.working.add(work);
    let result: Result;
    try {
      result = run();
    } catch (error) {
      this.#fail(work, error);
      throw error;
    }
    if (!isPromiseLike(result)) this.#finish(work, result);
    else {
      result.then(
        (value) => {
          this.finishedLate += 1;
          this.#finish(work, value);
        },
        (error: unknown) => {
          this.finishedLate += 1;
          this.#fail(work, error);
        },
      );
    }
    return result;
  }

  #finish(work: Work, value: unknown): void {
    this.working.delete(work);
    if (value === undefined || value === null) return;
    if (isStream(value)) this.streamed.add(work.connection.id);
    if (work.worker === "the handler") this.onReply(value);
  }

  #fail(work: Work, error: unknown): void {
    this.working.delete(work);
    const { id } = work.connection;
    this.failed.set(id, work);
    if (this.lost() > work.lostBefore) this.excused.add(id);
    else this.excused.delete(id);
    this.#say(work.connection, `${work.worker} throws ${shownFrame(describe(error))}`);
  }

  #watchUpgrade(context: Context<unknown, unknown>): void {
    const upgrade = context.upgrade.bind(context) as (to: unknown) => void;
    const { id } = context.connection;
    context.upgrade = (to: unknown) => {
      this.upgraded.add(id);
      upgrade(to);
    };
  }

  #say({ id }: ConnectionInfo, text: string): void {
    this.trace?.add(2 * id, `connection ${id} ${text}`);
  }
}

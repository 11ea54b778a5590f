import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { SpillwayError } from "../../mod.ts";
import { Latencies } from "./latencies.ts";
import { LoadConnection, type LoadOwner, repeatedFrame } from "./load_connection.ts";
import type { LoadPlan } from "./load_plan.ts";
import type { LoadResult } from "./load_result.ts";
import { LoopDelay } from "./loop_delay.ts";
import { ClosedLoop, OpenLoop, type Pace } from "./pace.ts";

/** Connections that are opened at once: fewer than the smallest backlog. */
const OPENING = 100;
/** The pause before a connection is replaced that was lost, or that was never served. */
const RECONNECT_MS = 250;

/** The state of a load while it runs. */
export interface LoadProgress {
  readonly seconds: number;
  readonly replies: number;
  readonly errors: number;
  readonly latencies: Latencies;
}

/**
 * Connections to one server, all of which do the same. Lost ones are replaced.
 *
 * - **Bounded**: instants of unanswered frames, `connections × inFlight`, and distributions of a fixed size.
 */
export class Load implements LoadOwner {
  readonly #plan: LoadPlan;
  readonly #frames: ReturnType<typeof repeatedFrame>;
  readonly #connections = new Set<LoadConnection>();
  readonly #pace: Pace;
  readonly #latencies = new Latencies();
  readonly #errors: Record<string, number> = {};
  /** The instants of frames that connections left unanswered which the peer closed in order: they are sent again. */
  readonly #again: number[] = [];
  #closedByPeer = 0;
  #resent = 0;
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  #state: "connecting" | "running" | "waiting" | "over" = "connecting";
  #measuredFrom = Infinity;
  #end = Infinity;
  /** The instant of the last reply, and the one at which a pause ends: on Node, replies of 1,024 connections delay timers. */
  #now = 0;
  #pauseEnd = Infinity;
  #replies = 0;
  /** Bytes received before the measured time, and on connections that are over. */
  #bytesBefore = 0;
  #bytesOfPast = 0;
  #onStop = () => {};
  /** While the last replies are waited for: the connections that owe some. */
  readonly #busy = new Set<LoadConnection>();

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#frames = repeatedFrame(plan);
    this.#pace = plan.rate === undefined ? new ClosedLoop() : new OpenLoop(plan.rate);
  }

  /** Opens the connections. @throws {SpillwayError} the first failure, if there is no connection */
  async connect(): Promise<void> {
    let left = this.#plan.connections;
    const failures: unknown[] = [];
    const openSome = async () => {
      while (left > 0 && this.#state === "connecting") {
        left -= 1;
        try {
          await this.#open();
        } catch (error) {
          if (failures.length === 0) failures.push(error);
          this.#count(codeOf(error));
          this.#replace(RECONNECT_MS);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(OPENING, left) }, openSome));
    if (this.#connections.size === 0 && failures.length > 0) {
      this.#over();
      throw failures[0] as SpillwayError;
    }
  }

  /** Runs the load, and waits for the last replies. */
  async run(): Promise<LoadResult> {
    const { durationMs, warmUpMs, timeoutMs } = this.#plan;
    if (this.#state === "connecting") this.#state = "running";
    // Without a warm-up the first frames are measured, too.
    if (warmUpMs === 0) this.#measuredFrom = performance.now();
    if (this.#state === "running") this.#pace.start([...this.#connections]);
    if (warmUpMs > 0) await this.#pause(warmUpMs);
    this.#measuredFrom = Math.min(this.#measuredFrom, performance.now());
    this.#bytesBefore = this.#receivedBytes();
    const cpu = process.cpuUsage();
    const loopDelay = new LoopDelay();
    await this.#pause(this.#measuredFrom + durationMs - performance.now());
    this.#end = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (this.#end - this.#measuredFrom) / 1_000;
    const loopDelays = loopDelay.end();
    const receivedBytes = this.#receivedBytes() - this.#bytesBefore;
    this.#count("not-sent", this.#pace.stop(this.#measuredFrom, this.#end));
    await this.#lastReplies(timeoutMs);
    for (const connection of this.#connections) this.#countUnanswered(connection);
    this.#count("unanswered", this.#again.length);
    await this.#close();
    return {
      seconds,
      replies: this.#replies,
      receivedBytes,
      errors: this.#errors,
      closedByPeer: this.#closedByPeer,
      resent: this.#resent,
      latencies: this.#latencies,
      lateness: this.#pace.lateness,
      loopDelays,
      cpuShare: seconds === 0 ? 0 : (user + system) / 1_000_000 / seconds,
    };
  }

  /** Ends the load early. A second call does not wait for the last replies. */
  stop(): void {
    this.#state = "waiting";
    this.#onStop();
  }

  progress(): LoadProgress {
    const now = performance.now();
    return {
      seconds: Math.max(0, Math.min(now, this.#end) - this.#measuredFrom) / 1_000,
      replies: this.#replies,
      errors: Object.values(this.#errors).reduce((sum, count) => sum + count, 0),
      latencies: this.#latencies,
    };
  }

  onReply(sentAt: number, now: number, right: boolean): void {
    this.#now = now;
    if (!right) this.#count("wrong-reply");
    else {
      if (now >= this.#measuredFrom && now < this.#end) this.#replies += 1;
      if (sentAt >= this.#measuredFrom) this.#latencies.add(now - sentAt);
    }
  }

  onUnexpected(): void {
    this.#count("unexpected-frame");
  }

  onRoom(connection: LoadConnection): void {
    if (this.#state === "running") {
      this.#pace.onRoom(connection);
      if (this.#now >= this.#pauseEnd) this.#onStop();
    } else if (connection.unanswered === 0) this.#answered(connection);
  }

  onDone(connection: LoadConnection): void {
    this.#forget(connection);
    void connection.close();
    this.#replace(0);
    this.#answered(connection);
  }

  onEnd(connection: LoadConnection, error: SpillwayError | undefined): void {
    this.#forget(connection);
    if (error === undefined && (connection.answered > 0 || connection.unanswered === 0)) this.#onOrderlyEnd(connection);
    else {
      this.#count(error?.code ?? "remote-closed");
      this.#countUnanswered(connection);
      this.#replace(RECONNECT_MS);
    }
    this.#answered(connection);
  }

  /** A peer that ends in order, as in a drain, has not handled the frames that it has not answered: they may be sent again. */
  #onOrderlyEnd(connection: LoadConnection): void {
    this.#closedByPeer += 1;
    this.#resent += connection.unanswered;
    this.#again.push(...connection.unansweredTimes());
    this.#replace(connection.answered > 0 ? 0 : RECONNECT_MS);
  }

  #forget(connection: LoadConnection): void {
    this.#connections.delete(connection);
    this.#bytesOfPast += connection.receivedBytes;
  }

  /** @throws {SpillwayError} there is no connection */
  async #open(): Promise<void> {
    const connection = await this.#plan.dial();
    if (this.#state === "over") return connection.abort();
    const opened = new LoadConnection(connection, this.#plan, this.#frames, this);
    this.#connections.add(opened);
    while (this.#again.length > 0 && opened.hasRoom) opened.send(this.#again.shift() as number);
    opened.flush();
    if (this.#state === "running") this.#pace.onRoom(opened);
    else if (this.#state === "waiting" && opened.unanswered > 0) this.#busy.add(opened);
  }

  /** Replaces a connection, after a pause. */
  #replace(pauseMs: number): void {
    if (this.#state === "over") return;
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      if (this.#state === "connecting") return this.#replace(RECONNECT_MS);
      // The last replies are waited for: only what is to be sent again needs a connection.
      if (this.#state === "over" || (this.#state === "waiting" && this.#again.length === 0)) return;
      this.#open().catch((error: unknown) => {
        this.#count(codeOf(error));
        this.#replace(RECONNECT_MS);
      });
    }, pauseMs);
    this.#pauses.add(pause);
  }

  #count(kind: string, count = 1): void {
    if (count > 0 && this.#state !== "over") this.#errors[kind] = (this.#errors[kind] ?? 0) + count;
  }

  #countUnanswered(connection: LoadConnection): void {
    this.#count("unanswered", connection.unanswered);
  }

  /** Fulfils after `ms`, or when the load is stopped. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state !== "running") return resolve();
      this.#pauseEnd = performance.now() + ms;
      const timer = setTimeout(resolve, ms);
      this.#onStop = () => {
        this.#pauseEnd = Infinity;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Fulfils when every frame is answered, after `ms`, or when the load is stopped once more. */
  #lastReplies(ms: number): Promise<void> {
    this.#state = "waiting";
    for (const connection of this.#connections) if (connection.unanswered > 0) this.#busy.add(connection);
    return new Promise((resolve) => {
      if (this.#busy.size === 0 && this.#again.length === 0) return resolve();
      const timer = ms === Infinity ? undefined : setTimeout(resolve, ms);
      this.#onStop = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #answered(connection: LoadConnection): void {
    const awaited = this.#busy.delete(connection);
    if (awaited && this.#busy.size === 0 && this.#again.length === 0) this.#onStop();
  }

  #over(): void {
    this.#state = "over";
    for (const pause of this.#pauses) clearTimeout(pause);
  }

  async #close(): Promise<void> {
    this.#over();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  #receivedBytes(): number {
    let bytes = this.#bytesOfPast;
    for (const { receivedBytes } of this.#connections) bytes += receivedBytes;
    return bytes;
  }
}

function codeOf(error: unknown): string {
  return error instanceof SpillwayError ? error.code : "connect-failed";
}

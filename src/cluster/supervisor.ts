import { type Clock, SpillwayError } from "../core/mod.ts";
import type { ClusterEvent, ReloadResult, WorkerInfo } from "./cluster_event.ts";
import {
  type Exit,
  type StartProcess,
  Worker,
  type WorkerOwner,
  type WorkerPatience,
  type WorkerState,
} from "./worker.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that was ready for so long has not failed at its start, whatever ends it. */
const PROVEN_MS = 10_000;
/** So many workers may end before any has become ready. */
const MOST_FAILED_STARTS = 5;
/** The exit code of a command that was used wrongly: another try would end in the same way. */
const EXIT_USAGE = 2;
/** Workers that drain take memory. Beyond so many for each slot, the oldest are told to abort what remains. */
const MOST_DRAINING = 4;

/** Settings of a {@link WorkerSupervisor}. */
export interface SupervisorSettings {
  readonly workers: number;
  readonly clock: Clock;
  /** The time between two beats. */
  readonly beatMs: number;
  readonly patience: WorkerPatience;
  /** The grace of workers that are replaced. Default: none. */
  readonly graceMs: number | undefined;
  readonly start: StartProcess;
  /** Returns why a first worker must not serve, after it has become ready: nothing, if all is well. */
  readonly refusal: () => string | undefined;
  readonly observe: (event: ClusterEvent) => void;
}

/**
 * One place among the workers: the worker that serves there, and the one that is to replace it.
 *
 * ```
 * event                          current        successor       then
 * replace()                      as before      is started
 * the successor is ready         the successor  none            the old one drains: it is `parting`
 * the old one accepts no more    as before      none            the replacement is done
 * the successor ends             as before      none            the replacement has failed; without a current, restart
 * the current ends, or drains    none           as before       without a successor, restart
 * restart                        is started, at once or after a pause
 * ```
 */
interface Slot {
  readonly number: number;
  current: Worker | undefined;
  /** Workers in a row that ended before they had proven themselves. */
  failures: number;
  successor: { readonly worker: Worker; readonly settle: (why: string | undefined) => void } | undefined;
  /** The worker that was replaced, until it accepts nothing more. */
  parting: { readonly worker: Worker; readonly settle: (why: undefined) => void } | undefined;
  /** The pause before another worker is started. */
  timer: unknown;
}

/** How a cluster has ended. */
export interface ClusterResult {
  /** The number of workers whose exit code was not 0, or that had to be killed. */
  readonly failed: number;
  /** The exit code of the worker because of which none has ever become ready. */
  readonly gaveUp?: number;
}

/**
 * Keeps a number of workers running: `starting → running → draining → ended`.
 *
 * - A worker that ends is replaced: at once if it had served for a while, otherwise after pauses that grow.
 * - A worker that does not answer is killed, and replaced.
 * - `reload` replaces one worker after the other. The old one drains when the new one is ready; if it does not become
 *   ready, the old one goes on serving.
 * - Workers that fail before any has become ready end the cluster.
 *
 * It knows processes only by {@link StartProcess}, and time by its clock.
 */
export class WorkerSupervisor implements WorkerOwner {
  /** Fulfils when the first workers are all ready. Rejects when the cluster ends before. */
  readonly ready: Promise<void>;
  /** Fulfils when every worker has ended, after a drain or because none has become ready. */
  readonly finished: Promise<ClusterResult>;
  readonly #settings: SupervisorSettings;
  readonly #slots: readonly Slot[];
  /** Every worker that has not ended, in the order of their starts. */
  readonly #workers = new Set<Worker>();
  #phase: "starting" | "running" | "draining" | "ended" = "starting";
  #started = 0;
  #questions = 0;
  readonly #provenBeats: number;
  /** Workers that ended before any was ready. */
  #failedStarts = 0;
  /** Whether somebody has asked it to end: the next one who does forces it. */
  #asked = false;
  #failed = 0;
  #gaveUp: number | undefined;
  #beatTimer: unknown;
  #reloading: Promise<ReloadResult> | undefined;
  #nextReload: Promise<ReloadResult> | undefined;
  /** The slots that the next one replaces; undefined for all. */
  #nextSlots: Set<number> | undefined;
  #onReadyAll!: () => void;
  #onNeverReady!: (error: SpillwayError) => void;
  #onFinished!: (result: ClusterResult) => void;

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
    this.#provenBeats = Math.ceil(PROVEN_MS / settings.beatMs);
    this.ready = new Promise((resolve, reject) => {
      this.#onReadyAll = resolve;
      this.#onNeverReady = reject;
    });
    // A program that waits for the end only learns of it from `finished`.
    this.ready.catch(() => undefined);
    this.finished = new Promise((resolve) => {
      this.#onFinished = resolve;
    });
    this.#slots = Array.from({ length: settings.workers }, (_, index) => ({
      number: index + 1,
      current: undefined,
      successor: undefined,
      parting: undefined,
      failures: 0,
      timer: undefined,
    }));
    for (const slot of this.#slots) this.#startIn(slot);
    this.#scheduleBeat();
  }

  get workers(): WorkerInfo[] {
    return Array.from(this.#workers, infoOf);
  }

  get phase(): "starting" | "running" | "draining" | "ended" {
    return this.#phase;
  }

  /** The number of slots whose worker serves. */
  get serving(): number {
    return this.#slots.filter(({ current }) => current?.state === "serving").length;
  }

  /**
   * Replaces every worker, or that of one slot. A call during another one waits, and is one with all further calls that
   * wait: it replaces what any of them wants. Never rejects.
   */
  reload(slot?: number): Promise<ReloadResult> {
    const wanted = slot === undefined ? undefined : new Set([slot]);
    if (this.#reloading === undefined) return this.#startReload(wanted);
    if (this.#nextReload === undefined) {
      this.#nextSlots = wanted;
      this.#nextReload = this.#reloading.then(() => {
        this.#nextReload = undefined;
        return this.#startReload(this.#nextSlots);
      });
    } else if (slot === undefined) this.#nextSlots = undefined;
    else this.#nextSlots?.add(slot);
    return this.#nextReload;
  }

  #startReload(slots: ReadonlySet<number> | undefined): Promise<ReloadResult> {
    this.#reloading = this.#reload(slots).finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  /** Lets the worker of a slot drain; another one takes its place. Returns whether it has one that serves. */
  drainWorker(number: number): boolean {
    const slot = this.#slots[number - 1];
    if (slot?.current?.state !== "serving") return false;
    this.#drain(slot.current);
    return true;
  }

  /** Lets all workers drain. A second call forces them to abort what remains. */
  shutdown(graceMs?: number): Promise<ClusterResult> {
    if (this.#asked) for (const worker of this.#workers) worker.force();
    this.#asked = true;
    return this.retire(graceMs);
  }

  /** Lets all workers drain, because another supervisor has taken over. */
  retire(graceMs?: number): Promise<ClusterResult> {
    if (this.#keepsRunning) this.#startDraining(graceMs);
    return this.finished;
  }

  /** Asks a worker something. @throws {SpillwayError} `worker-lost` */
  ask(info: Pick<WorkerInfo, "id">, question: unknown, timeoutMs: number): Promise<unknown> {
    const { clock } = this.#settings;
    const worker = [...this.#workers].find(({ id }) => id === info.id);
    this.#questions += 1;
    const id = this.#questions;
    return new Promise((resolve, reject) => {
      const lost = (why: string) =>
        reject(new SpillwayError<"worker-lost">("worker-lost", `worker ${info.id} did not answer: ${why}`));
      if (worker === undefined) return lost("it has ended");
      const timer = clock.setTimeout(() => {
        worker.forget(id);
        lost(`no answer in ${timeoutMs} ms`);
      }, timeoutMs);
      worker.ask(id, question, ({ answer, error }) => {
        clock.clearTimeout(timer);
        if (error === undefined) resolve(answer);
        else lost(error);
      });
    });
  }

  onReady(worker: Worker): void {
    const slot = this.#slotOf(worker);
    const refusal = this.#settings.refusal();
    if (refusal !== undefined) {
      // Another try would end in the same way.
      if (this.#phase === "starting") this.#failedStarts = MOST_FAILED_STARTS;
      return worker.kill(refusal);
    }
    this.#emit({ type: "worker-ready", worker: infoOf(worker) });
    if (slot.successor?.worker === worker) {
      const { current } = slot;
      slot.current = worker;
      const { settle } = slot.successor;
      slot.successor = undefined;
      if (current === undefined) settle(undefined);
      else {
        slot.parting = { worker: current, settle };
        this.#drain(current);
      }
    }
    if (this.#phase !== "starting" || this.serving < this.#slots.length) return;
    this.#phase = "running";
    this.#emit({ type: "ready", workers: this.#slots.length });
    this.#onReadyAll();
  }

  onDraining(worker: Worker, asked: boolean): void {
    this.#emit({ type: "worker-draining", worker: infoOf(worker), asked });
    const slot = this.#slotOf(worker);
    // It serves no more: its successor starts while it drains.
    if (slot.current === worker && this.#keepsRunning) {
      slot.current = undefined;
      if (worker.age < this.#provenBeats && !asked) slot.failures += 1;
      if (slot.successor === undefined) this.#restartIn(slot);
    }
    this.#boundDraining();
  }

  onStopped(worker: Worker): void {
    const slot = this.#slotOf(worker);
    if (slot.parting?.worker !== worker) return;
    const { settle } = slot.parting;
    slot.parting = undefined;
    settle(undefined);
  }

  onKilled(worker: Worker, why: string): void {
    this.#emit({ type: "worker-killed", worker: infoOf(worker), why });
  }

  onEnded(worker: Worker, exit: Exit, from: WorkerState): void {
    this.#workers.delete(worker);
    this.onStopped(worker);
    const isAsked = from === "draining" || this.#phase === "draining";
    const expected = worker.hasServed ? from === "draining" && exit.code === 0 : isAsked;
    this.#emit({ type: "worker-ended", worker: infoOf(worker), exit, expected });
    const slot = this.#slotOf(worker);
    if (slot.successor?.worker === worker) {
      const { settle } = slot.successor;
      slot.successor = undefined;
      const end = worker.killedFor === undefined ? endText(exit) : `was killed: ${worker.killedFor}`;
      settle(this.#keepsRunning ? `the new worker ${end}` : "the cluster drains");
      if (slot.current === undefined && this.#keepsRunning) this.#restartIn(slot);
    } else if (slot.current === worker) {
      slot.current = undefined;
      if (this.#keepsRunning && slot.successor === undefined) this.#onLost(slot, worker, exit);
    }
    if (this.#phase === "draining" && worker.hasServed && exit.code !== 0) this.#failed += 1;
    this.#endIfOver();
  }

  get #keepsRunning(): boolean {
    return this.#phase === "starting" || this.#phase === "running";
  }

  #onLost(slot: Slot, worker: Worker, exit: Exit): void {
    if (worker.age < this.#provenBeats) slot.failures += 1;
    if (this.#phase === "starting" && worker.age === 0) {
      this.#failedStarts += 1;
      const hopeless = exit.code === EXIT_USAGE || exit.error !== undefined || this.#failedStarts >= MOST_FAILED_STARTS;
      if (hopeless && this.serving === 0) return this.#giveUp(exit);
    }
    this.#restartIn(slot);
  }

  #giveUp(exit: Exit): void {
    this.#gaveUp = exit.code === null || exit.code === 0 ? 1 : exit.code;
    // The others start in the same way.
    for (const worker of this.#workers) worker.force();
    this.#startDraining();
  }

  #restartIn(slot: Slot): void {
    const { failures } = slot;
    const inMs = failures === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    this.#emit({ type: "worker-restarting", slot: slot.number, inMs, failures });
    if (inMs === 0) return this.#startIn(slot);
    slot.timer = this.#settings.clock.setTimeout(() => {
      slot.timer = undefined;
      if (this.#keepsRunning && slot.current === undefined && slot.successor === undefined) this.#startIn(slot);
    }, inMs);
  }

  #startIn(slot: Slot): void {
    slot.current = this.#start(slot);
  }

  #start(slot: Slot): Worker {
    const { patience, start } = this.#settings;
    this.#started += 1;
    const worker = new Worker(slot.number, this.#started, start, patience, this);
    this.#workers.add(worker);
    this.#emit({ type: "worker-started", worker: infoOf(worker) });
    return worker;
  }

  async #reload(only: ReadonlySet<number> | undefined): Promise<ReloadResult> {
    const slots = this.#slots.filter(({ number }) => only?.has(number) !== false);
    const unknown = [...(only ?? [])].find((number) => this.#slots[number - 1] === undefined);
    this.#emit({ type: "reload-started", workers: slots.length });
    let why: string | undefined = unknown === undefined ? undefined : `there is no worker ${unknown}`;
    for (const slot of why === undefined ? slots : []) {
      why = this.#keepsRunning ? await this.#replace(slot) : "the cluster drains";
      if (why !== undefined) break;
    }
    const result: ReloadResult = why === undefined ? { reloaded: true } : { reloaded: false, why };
    this.#emit({ type: "reload-finished", ...result });
    return result;
  }

  /** Replaces the worker of a slot. Returns why that failed, if it did. */
  #replace(slot: Slot): Promise<string | undefined> {
    this.#settings.clock.clearTimeout(slot.timer);
    slot.timer = undefined;
    return new Promise((settle) => {
      slot.successor = { worker: this.#start(slot), settle };
    });
  }

  #drain(worker: Worker): void {
    const { beatMs, graceMs } = this.#settings;
    worker.drain(graceMs, Math.ceil((graceMs ?? 0) / beatMs));
  }

  #boundDraining(): void {
    const draining = [...this.#workers].filter(({ state }) => state === "draining");
    const most = MOST_DRAINING * this.#slots.length;
    for (const worker of draining.slice(0, Math.max(0, draining.length - most))) worker.force();
  }

  #startDraining(graceMs?: number): void {
    const { beatMs, clock } = this.#settings;
    const neverReady = this.#phase === "starting";
    this.#phase = "draining";
    this.#emit({ type: "draining", workers: this.#workers.size });
    for (const slot of this.#slots) clock.clearTimeout(slot.timer);
    for (const worker of this.#workers) worker.drain(graceMs, Math.ceil((graceMs ?? 0) / beatMs));
    if (neverReady) this.#onNeverReady(new SpillwayError("drained", "the cluster ended before its workers were ready"));
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#phase !== "draining" || this.#workers.size > 0) return;
    this.#phase = "ended";
    this.#settings.clock.clearTimeout(this.#beatTimer);
    const failed = this.#failed;
    this.#emit({ type: "drained", failed });
    this.#onFinished(this.#gaveUp === undefined ? { failed } : { failed, gaveUp: this.#gaveUp });
  }

  #scheduleBeat(): void {
    const { beatMs, clock } = this.#settings;
    this.#beatTimer = clock.setTimeout(() => {
      for (const worker of this.#workers) worker.beat();
      for (const slot of this.#slots) if ((slot.current?.age ?? 0) >= this.#provenBeats) slot.failures = 0;
      if (this.#phase !== "ended") this.#scheduleBeat();
    }, beatMs);
  }

  #slotOf(worker: Worker): Slot {
    return this.#slots[worker.slot - 1] as Slot;
  }

  #emit(event: ClusterEvent): void {
    this.#settings.observe(event);
  }
}

function infoOf({ slot, id, pid, state }: Worker): WorkerInfo {
  return { slot, id, pid, state };
}

/** Says how a process has ended that was to get ready. */
export function endText({ code, error, signal }: Exit): string {
  if (error !== undefined) return `could not be started: ${error}`;
  return `ended before it was ready (${signal ?? `exit code ${code}`})`;
}

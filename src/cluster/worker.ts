import type { FromWorker, ToWorker } from "./messages.ts";
import { versionConflict, WORKER_PROTOCOL } from "./protocol_version.ts";

/** How a process ended. */
export interface Exit {
  /** Its exit code; `null` if a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it; `null` if none did. */
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly error?: string;
}

/** The owner of a process, which has started it. */
export interface ProcessOwner {
  onMessage(message: FromWorker): void;
  onExit(exit: Exit): void;
}

/** A process of a worker, as its supervisor uses it. No call has an effect when it is over. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  kill(): void;
}

/** Starts the process of a worker. Must not throw: the owner is told of a failure. */
export type StartProcess = (slot: number, owner: ProcessOwner) => WorkerProcess;

/** The state of a worker. */
export type WorkerState = "starting" | "serving" | "draining" | "killed" | "ended";

/** The patience with a worker, in beats. */
export interface WorkerPatience {
  /** Until it is ready. */
  readonly starting: number;
  /** Without an answer to a ping. */
  readonly silent: number;
  /** Until a drain is forced, beside its grace. */
  readonly draining: number;
  /** Until it is killed, when it was told to abort what remains. */
  readonly forced: number;
}

/** The owner of a {@link Worker}. */
export interface WorkerOwner {
  onReady(worker: Worker): void;
  /** It has begun to drain: `asked` by the supervisor, or because of a signal. */
  onDraining(worker: Worker, asked: boolean): void;
  /** It accepts nothing more. */
  onStopped(worker: Worker): void;
  /** It is being killed, because of this. Not told of one that was to end before it was ready. */
  onKilled(worker: Worker, why: string): void;
  /** It is over. `from` is the state that it ended in. */
  onEnded(worker: Worker, exit: Exit, from: WorkerState): void;
}

/**
 * One process of a worker, from its start to its end:
 *
 * ```
 * state     event                                       next state
 * starting  it says that it is ready                    serving
 *           it speaks another version                   killed
 *           too many beats, force()                     killed
 *           drain()                                     draining: it ends at once, if it does not listen yet
 *           it says that it drains: it fails            starting, until it ends
 * serving   drain(), or it says that it drains          draining
 *           force()                                     draining, and aborts what remains
 *           too many beats without an answer            killed
 * draining  force(), too many beats                     draining, and aborts what remains
 *           too many beats after that                   killed
 *           too many beats without an answer            killed
 * these     kill()                                      killed
 * any       its process ends                            ended
 * ```
 *
 * Time is counted in beats of the supervisor, not measured: when the machine or the supervisor itself was stopped, no
 * worker is blamed for it.
 */
export class Worker {
  readonly slot: number;
  /** Its number among all that were started, from 1. */
  readonly id: number;
  state: WorkerState = "starting";
  /** The beats since it became ready. */
  age = 0;
  hasServed = false;
  /** Why it was killed, if it was. */
  killedFor: string | undefined;
  readonly #process: WorkerProcess;
  readonly #patience: WorkerPatience;
  readonly #owner: WorkerOwner;
  readonly #answers = new Map<number, (message: FromWorker & { type: "answer" }) => void>();
  #beats = 0;
  #unanswered = 0;
  #forced = false;
  #drainBeats = 0;

  constructor(slot: number, id: number, start: StartProcess, patience: WorkerPatience, owner: WorkerOwner) {
    this.slot = slot;
    this.id = id;
    this.#patience = patience;
    this.#owner = owner;
    this.#process = start(slot, this.#callbacks());
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Lets it drain, if it does not yet. `graceBeats` is added to the time that it has. */
  drain(graceMs: number | undefined, graceBeats: number): void {
    // One that starts may have accepted connections already, and its word that it is ready is under way.
    if (this.state !== "serving" && this.state !== "starting") return;
    this.#startDraining(true);
    this.#drainBeats = graceBeats + this.#patience.draining;
    this.#process.send({ type: "drain", ...(graceMs !== undefined && { graceMs }) });
  }

  /** Lets it abort what remains. */
  force(): void {
    if (this.state === "starting") return this.#end();
    if (this.#forced || (this.state !== "serving" && this.state !== "draining")) return;
    this.#startDraining(true);
    this.#forced = true;
    this.#beats = 0;
    this.#process.send({ type: "force" });
  }

  kill(why: string): void {
    if (this.state === "killed" || this.state === "ended") return;
    this.state = "killed";
    this.killedFor = why;
    this.#owner.onKilled(this, why);
    this.#process.kill();
  }

  /** Nobody waits for a worker that starts. */
  #end(): void {
    this.state = "killed";
    this.#process.kill();
  }

  /** Asks it something. `onAnswer` gets what it answers, or why it does not. */
  ask(id: number, question: unknown, onAnswer: (answer: { answer?: unknown; error?: string }) => void): void {
    if (this.state !== "serving" && this.state !== "draining") return onAnswer({ error: `it is ${this.state}` });
    // Messages that the process does not read stay in memory.
    if (this.#unanswered > 1) return onAnswer({ error: "it does not answer" });
    this.#answers.set(id, onAnswer);
    this.#process.send({ type: "ask", id, question });
  }

  /** Nobody waits for this answer any more. */
  forget(id: number): void {
    this.#answers.delete(id);
  }

  /** A beat of the supervisor. */
  beat(): void {
    this.#beats += 1;
    switch (this.state) {
      case "starting":
        if (this.#beats > this.#patience.starting) this.kill("it did not get ready in time");
        return;
      case "serving":
        this.age += 1;
        return this.#expectAnswer();
      case "draining":
        this.#expectEnd();
        return this.#expectAnswer();
      default:
    }
  }

  #expectAnswer(): void {
    if (this.state !== "serving" && this.state !== "draining") return;
    this.#unanswered += 1;
    if (this.#unanswered > this.#patience.silent) this.kill("it does not answer");
    // One ping is enough while the worker is silent: messages that a stopped process does not read stay in memory.
    else if (this.#unanswered === 1) this.#process.send({ type: "ping" });
  }

  #expectEnd(): void {
    if (this.#forced) {
      if (this.#beats > this.#patience.forced) this.kill("it did not end when it was told to abort");
    } else if (this.#beats > this.#drainBeats) this.force();
  }

  #startDraining(asked: boolean): void {
    if (this.state === "draining") return;
    this.state = "draining";
    this.#beats = 0;
    this.#drainBeats = this.#patience.draining;
    this.#owner.onDraining(this, asked);
  }

  #callbacks(): ProcessOwner {
    return {
      onMessage: (message) => this.#onMessage(message),
      onExit: (exit) => {
        const from = this.state;
        if (from === "ended") return;
        this.state = "ended";
        for (const onAnswer of this.#answers.values())
          onAnswer({ type: "answer", id: 0, error: "the worker has ended" });
        this.#answers.clear();
        this.#owner.onEnded(this, exit, from);
      },
    };
  }

  #onMessage(message: FromWorker): void {
    if (this.state === "killed" || this.state === "ended") return;
    // Every message shows that the worker is alive.
    this.#unanswered = 0;
    switch (message.type) {
      case "up": {
        const conflict = versionConflict(WORKER_PROTOCOL, message.version);
        if (conflict !== undefined) this.kill(`it ${conflict}`);
        return;
      }
      case "ready":
        this.hasServed = true;
        if (this.state !== "starting") return;
        this.state = "serving";
        return this.#owner.onReady(this);
      case "draining":
        if (this.state === "serving") this.#startDraining(false);
        return this.#owner.onStopped(this);
      case "answer":
        this.#answers.get(message.id)?.(message);
        this.#answers.delete(message.id);
        return;
      default:
    }
  }
}

// Processes that do what a test tells them.
import type { FromWorker, ToWorker } from "../../../src/cluster/messages.ts";
import type { ProcessOwner, StartProcess, WorkerProcess } from "../../../src/cluster/worker.ts";

/** A process that was started, as its supervisor and the test see it. */
export class FakeWorker implements WorkerProcess {
  readonly pid: number;
  readonly slot: number;
  readonly told: ToWorker[] = [];
  readonly #owner: ProcessOwner;
  /** A stopped process answers nothing and does not end, unless it is killed. */
  stopped = false;
  over = false;
  ready = false;
  draining = false;

  constructor(slot: number, pid: number, owner: ProcessOwner) {
    this.slot = slot;
    this.pid = pid;
    this.#owner = owner;
  }

  send(message: ToWorker): void {
    if (this.over) return;
    this.told.push(message);
    if (this.stopped) return;
    if (message.type === "ping") this.say({ type: "pong" });
    if (message.type === "drain") {
      this.draining = true;
      this.say({ type: "draining" });
    }
    if (message.type === "force") this.exit(1);
  }

  kill(): void {
    this.exit(null, "SIGKILL");
  }

  say(message: FromWorker): void {
    if (this.over || this.stopped) return;
    if (message.type === "ready") this.ready = true;
    this.#owner.onMessage(message);
  }

  exit(code: number | null, signal: string | null = null): void {
    if (this.over) return;
    this.over = true;
    this.#owner.onExit({ code, signal });
  }
}

/** Starts such processes. */
export class FakeWorkers {
  readonly all: FakeWorker[] = [];

  readonly start: StartProcess = (slot, owner) => {
    const worker = new FakeWorker(slot, this.all.length + 1, owner);
    this.all.push(worker);
    return worker;
  };

  get alive(): FakeWorker[] {
    return this.all.filter(({ over }) => !over);
  }

  /** The one that was started last. */
  get last(): FakeWorker {
    return this.all.at(-1) as FakeWorker;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { programCommand } from "../../cluster/mod.ts";
import { Failure, runFailure } from "../failure.ts";
import { MAIN_MODULE } from "../main_module.ts";
import { Latencies } from "./latencies.ts";
import type { LoadProgress } from "./load.ts";
import { decodeResult, type LoadResult, mergeResults } from "./load_result.ts";
import type { FromPart, PartPlan, ToPart } from "./part.ts";
import type { Whole } from "./report.ts";

/** Divides a load: connections evenly, and the rate by connections. */
export function divide({ processes, ...whole }: Whole): PartPlan[] {
  return Array.from({ length: processes }, (_, index) => {
    const connections = Math.floor((whole.connections + index) / processes);
    if (whole.rate === undefined) return { ...whole, connections };
    return { ...whole, connections, rate: (whole.rate * connections) / whole.connections };
  });
}

/** A load that several processes generate together. */
export class Parts {
  readonly #processes: readonly PartProcess[];
  readonly #tellsProgress: boolean;

  private constructor(processes: readonly PartProcess[], tellsProgress: boolean) {
    this.#processes = processes;
    this.#tellsProgress = tellsProgress;
  }

  /** Starts the processes; fulfils when all have their connections. @throws {Failure} one of them has none, or has ended */
  static async start(whole: Whole, cwd: string, tellsProgress: boolean): Promise<Parts> {
    const parts = new Parts(
      divide(whole).map((plan) => new PartProcess(plan, cwd)),
      tellsProgress,
    );
    await parts.#endOnFailure(Promise.all(parts.#processes.map(({ ready }) => ready)));
    return parts;
  }

  async run(): Promise<LoadResult> {
    for (const part of this.#processes) part.tell({ run: true, progress: this.#tellsProgress });
    const results = await this.#endOnFailure(Promise.all(this.#processes.map(({ result }) => result)));
    for (const part of this.#processes) part.end();
    return mergeResults(results);
  }

  stop(): void {
    for (const part of this.#processes) part.tell({ stop: true });
  }

  progress(): LoadProgress {
    const latencies = new Latencies();
    const sum = { seconds: 0, replies: 0, errors: 0 };
    for (const { progress } of this.#processes) {
      if (progress === undefined) continue;
      latencies.merge(progress.latencies);
      sum.seconds = Math.max(sum.seconds, progress.seconds);
      sum.replies += progress.replies;
      sum.errors += progress.errors;
    }
    return { ...sum, latencies };
  }

  async #endOnFailure<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      for (const part of this.#processes) part.end();
      throw error;
    }
  }
}

/** One of the processes. */
class PartProcess {
  readonly ready: Promise<void>;
  readonly result: Promise<LoadResult>;
  progress: LoadProgress | undefined;
  readonly #child: ChildProcess;
  #onReady = () => {};
  #onResult = (_result: LoadResult) => {};
  #onFailure = (_failure: Failure) => {};

  constructor(plan: PartPlan, cwd: string) {
    const failed = new Promise<never>((_, reject) => {
      this.#onFailure = reject;
    });
    this.ready = Promise.race([failed, new Promise<void>((resolve) => (this.#onReady = resolve))]);
    this.result = Promise.race([failed, new Promise<LoadResult>((resolve) => (this.#onResult = resolve))]);
    for (const promise of [failed, this.ready, this.result]) promise.catch(() => undefined);
    const [file, ...args] = programCommand(MAIN_MODULE);
    this.#child = spawn(file, [...args, "bench", plan.target, "--part"], { cwd, stdio: ["pipe", "pipe", "inherit"] });
    this.#child.on("error", ({ message }) => this.#onFailure(runFailure(`cannot start a process: ${message}`)));
    this.#child.on("exit", (code, signal) => {
      this.#onFailure(runFailure(`a process of the load ended early (${signal ?? `exit code ${code}`})`));
    });
    // A process that has ended reads nothing.
    this.#child.stdin?.on("error", () => undefined);
    const { stdout } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => this.#onMessage(line));
    this.tell({ plan });
  }

  tell(message: ToPart): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  end(): void {
    this.#child.stdin?.end();
  }

  #onMessage(line: string): void {
    const message = JSON.parse(line) as FromPart;
    if ("ready" in message) this.#onReady();
    else if ("result" in message) this.#onResult(decodeResult(message.result));
    else if ("failure" in message) this.#onFailure(new Failure(message.exitCode, message.failure));
    else this.progress = { ...message.progress, latencies: Latencies.decode(message.progress.latencies) };
  }
}

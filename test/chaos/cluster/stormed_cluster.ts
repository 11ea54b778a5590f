import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { Random } from "spillway/testing";
import { PREFIXED, Unframer } from "../../support/framings.ts";
import { type ProcessInfo, processesWith, processOf, signalProcess } from "../processes.ts";
import type { Command } from "../server_process.ts";
import { type Size, Sizes } from "../sizes.ts";
import { SpillwayProcess } from "../spillway_process.ts";
import { holdsWithin, sleep } from "../waiting.ts";
import type { ClusterAct } from "./acts.ts";
import { ClusterLog } from "./cluster_log.ts";
import { HANDLED_VARIABLE, processNamed, SPIN } from "./handled.ts";
import { type Harm, RECOVERY_MS } from "./judge_cluster.ts";

/** How long a worker may be silent. */
const WORKER_TIMEOUT_MS = 3_000;
/** A pause that no supervisor takes for the end, and after which no request is as old as one that is said to be lost. */
const LONGEST_STOP_MS = 800;
/** After an upgrade, the new supervisor opens its admin endpoint a second later. */
const RELOAD_TRIES = 5;

/** The settings of a cluster under a storm. */
export interface ClusterOptions {
  /** A folder of its own. */
  readonly folder: string;
  readonly workers: number;
  /** The command line of Spillway, on some runtime. */
  readonly spillway: (args: readonly string[]) => Command;
  /** The file of the service. */
  readonly service: string;
}

/** A supervisor with its workers, seen from outside, to which every {@link ClusterAct} can be done. */
export class StormedCluster {
  readonly log = new ClusterLog();
  readonly harms: Harm[] = [];
  readonly started: SpillwayProcess;
  readonly #options: ClusterOptions;
  readonly #files: Readonly<Record<"admin" | "handled" | "pid" | "token", string>>;
  readonly #sizes = new Sizes();
  /** Workers that are stopped for a while. */
  readonly #paused = new Set<number>();
  #supervisor = 0;

  constructor(options: ClusterOptions) {
    const { folder, service, spillway, workers } = options;
    const inFolder = (name: string) => path.join(folder, name);
    const files = {
      admin: inFolder("admin"),
      handled: inFolder("handled"),
      pid: inFolder("pid"),
      token: inFolder("token"),
    };
    this.#options = options;
    this.#files = files;
    writeFileSync(files.token, "a-token-of-a-storm-and-nothing-else\n", { mode: 0o600 });
    writeFileSync(files.handled, "");
    const args = ["serve", service, "--port", "0", "--workers", `${workers}`, "--pid-file", files.pid];
    const times = ["--grace", "300ms", "--drain-timeout", "5s", "--worker-timeout", `${WORKER_TIMEOUT_MS}ms`];
    const admin = ["--admin", `unix:${files.admin}`, "--admin-token-file", files.token, "--log-format", "json"];
    this.started = new SpillwayProcess(
      spillway([...args, ...times, ...admin]),
      (line) => this.log.add(line, performance.now()),
      { [HANDLED_VARIABLE]: files.handled },
    );
  }

  /** The supervisor that serves, or served last: its file is removed at its end. */
  get supervisor(): number {
    try {
      this.#supervisor = Number(readFileSync(this.#files.pid, "utf8"));
    } catch {
      // There is none any more.
    }
    return this.#supervisor;
  }

  /** The lines that the workers have written to the file of {@link HANDLED_VARIABLE}. */
  get handled(): string {
    return readFileSync(this.#files.handled, "utf8");
  }

  /** How the memory of each supervisor went. */
  get sizes(): Size[] {
    return this.#sizes.all;
  }

  /** Every process that belongs to it. */
  get processes(): ProcessInfo[] {
    return processesWith(this.#options.folder);
  }

  /** The number of workers of the supervisor that live, and serve. */
  get serving(): number {
    const { supervisor } = this;
    return [...this.log.serving].filter((pid) => {
      const found = processOf(pid);
      return found?.parent === supervisor && found.state !== "T";
    }).length;
  }

  /** Looks at the memory of the supervisor. */
  measure(): void {
    const found = processOf(this.supervisor);
    if (found !== undefined) this.#sizes.note(found);
  }

  /** Does it, and waits until the cluster says that it is done. @throws {Error} it does not */
  async act(act: ClusterAct, port: number, random: Random): Promise<void> {
    switch (act) {
      case "kill":
        return this.#harm(this.#victim(random), "SIGKILL");
      case "stop":
        return this.#stop(this.#victim(random));
      case "pause":
        return this.#pause(this.#victim(random), 100 + random.below(LONGEST_STOP_MS - 100));
      case "spin":
        return this.#spin(port);
      case "restart":
        return this.#restart(1, 0);
      case "restart twice":
        return this.#restart(2, random.below(500));
      case "reload":
        return this.#reload();
      case "upgrade":
        return this.#upgrade();
    }
  }

  /** Waits until every worker serves, and all that were harmed are gone. Returns how many serve. */
  async recovered(pausesMs: () => number): Promise<number> {
    const { workers } = this.#options;
    const startedAt = performance.now();
    for (;;) {
      const { serving } = this;
      const isRecovered =
        serving === workers &&
        this.log.serving.size === workers &&
        this.harms.every(({ pid }) => processOf(pid) === undefined);
      if (isRecovered) return workers;
      if (performance.now() - startedAt > RECOVERY_MS + pausesMs()) return Math.min(serving, workers - 1);
      await sleep(20);
    }
  }

  /** Ends whatever is left of it. */
  kill(): void {
    for (const { pid } of this.processes) signalProcess(pid, "SIGKILL");
  }

  /** A worker that serves, was not harmed, and would not go on after a pause, if there is one. */
  #victim(random: Random): number | undefined {
    const isHale = (one: number) => !this.#paused.has(one) && !this.harms.some(({ pid }) => pid === one);
    const hale = [...this.log.serving].filter(isHale);
    return hale.length === 0 ? undefined : random.pick(hale);
  }

  #harm(pid: number | undefined, name: NodeJS.Signals): void {
    if (pid === undefined) return;
    this.harms.push({ pid, at: performance.now() });
    signalProcess(pid, name);
  }

  async #stop(pid: number | undefined): Promise<void> {
    if (pid === undefined) return;
    this.#harm(pid, "SIGSTOP");
    await this.#until(() => this.log.hasEnded(pid), "a stopped worker is not replaced");
    signalProcess(pid, "SIGCONT");
  }

  async #pause(pid: number | undefined, ms: number): Promise<void> {
    if (pid === undefined) return;
    this.#paused.add(pid);
    signalProcess(pid, "SIGSTOP");
    await sleep(ms);
    signalProcess(pid, "SIGCONT");
    this.#paused.delete(pid);
  }

  async #spin(port: number): Promise<void> {
    const socket = connect({ port, host: "127.0.0.1" }).setEncoding("latin1");
    const unframer = new Unframer(PREFIXED);
    let pid: number | undefined;
    const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => undefined);
    socket.on("data", (text: string) => {
      unframer.push(text, (greeting) => {
        pid = processNamed(Number(greeting.slice("hello ".length)));
        this.harms.push({ pid, at: performance.now() });
        socket.write(PREFIXED.frame(SPIN), "latin1");
      });
    });
    const gone = () => pid !== undefined && this.log.hasEnded(pid);
    await Promise.race([this.#until(gone, "a worker that spins is not replaced"), ended]);
    socket.destroy();
  }

  async #restart(times: number, pauseMs: number): Promise<void> {
    const before = this.log.of("reload-finished").length;
    for (let sent = 0; sent < times; sent++) {
      if (sent > 0) await sleep(pauseMs);
      signalProcess(this.supervisor, "SIGHUP");
    }
    // Two signals are one when they come before the first was looked at.
    const isOver = () => {
      const begun = this.log.of("reload-started").length;
      const finished = this.log.of("reload-finished").length;
      return finished > before && finished === begun;
    };
    await this.#until(isOver, "a rolling restart does not come to an end");
  }

  async #reload(): Promise<void> {
    const { admin, token } = this.#files;
    const { args, command } = this.#options.spillway(["reload", `unix:${admin}`, "--token-file", token]);
    for (let tries = 1; ; tries++) {
      const before = this.log.of("reload-finished").length;
      const why = await new Promise<string | undefined>((resolve) => {
        execFile(command, args, (error, _stdout, stderr) => resolve(error === null ? undefined : stderr));
      });
      // What has ended as a restart does is judged by what the log says.
      if (why === undefined || this.log.of("reload-finished").length > before) return;
      if (tries === RELOAD_TRIES) throw new Error(`spillway reload fails: ${why}`);
      await sleep(1_000);
    }
  }

  async #upgrade(): Promise<void> {
    const { supervisor } = this;
    const over = () => this.log.of("upgrade-finished").length + this.log.of("upgrade-failed").length;
    const before = over();
    signalProcess(supervisor, "SIGUSR2");
    await this.#until(() => over() > before, "an upgrade does not come to an end");
  }

  async #until(holds: () => boolean, otherwise: string): Promise<void> {
    if (!(await holdsWithin(2 * RECOVERY_MS, holds))) throw new Error(otherwise);
  }
}

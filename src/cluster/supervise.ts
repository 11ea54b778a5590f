import process from "node:process";
import type { Address } from "../core/mod.ts";
import type { ClusterEvent, ClusterObserver, ReloadResult, WorkerInfo } from "./cluster_event.ts";
import { Handover, handoverText } from "./handover.ts";
import { type HeldPlace, holdPlaces, socketOf } from "./held_places.ts";
import type { Assignment } from "./messages.ts";
import { programCommand } from "./program.ts";
import { HANDOVER_PROTOCOL, versionConflict, WORKER_PROTOCOL } from "./protocol_version.ts";
import { HANDOVER_VARIABLE, WORKER_VARIABLE } from "./role_variables.ts";
import { type CheckedOptions, checkSuperviseOptions, type SuperviseOptions } from "./supervise_options.ts";
import { type ClusterResult, endText, WorkerSupervisor } from "./supervisor.ts";
import type { ProcessOwner, WorkerProcess } from "./worker.ts";
import type { WorkerHost } from "./worker_host.ts";
import { inheritedDescriptors, type StartedChild, startChild } from "./worker_process.ts";

const LONGEST_BEAT_MS = 1_000;
const SHORTEST_BEAT_MS = 50;
/** The time from the order to abort what remains to the end of a worker. */
const FORCED_MS = 5_000;

/** A cluster: the supervisor of this process, and its workers. */
export interface Cluster {
  /** Where it listens, in the order of `listen`, with actual ports. */
  readonly addresses: readonly Address[];
  /** The workers that have not ended, in the order of their starts. */
  readonly workers: readonly WorkerInfo[];
  /** Whether a connection is accepted now: the cluster does not drain, and a worker serves. */
  readonly isServing: boolean;
  /**
   * Fulfils when the first workers are all ready. Rejects when the cluster has ended before.
   *
   * @throws {SpillwayError} `drained`
   */
  readonly ready: Promise<void>;
  /** Fulfils when every worker has ended, after a drain or because none has become ready. Never rejects. */
  readonly finished: Promise<ClusterResult>;
  /**
   * Replaces every worker, one after the other, or only that of a slot: starts the new one, and lets the old one drain when
   * the new one is ready. If it does not become ready in time, the old one and all further ones go on serving. A call
   * during another one waits for it. Never rejects.
   */
  reload(slot?: number): Promise<ReloadResult>;
  /** Lets the worker of a slot drain; another one takes its place. Returns whether one serves there. */
  drainWorker(slot: number): boolean;
  /**
   * Starts the program of this process anew, with its sockets, and shuts down when the workers of that one are ready. If they
   * do not become ready in time, nothing changes. Never rejects. Returns why it failed, if it did.
   */
  upgrade(): Promise<string | undefined>;
  /** Stops accepting and lets every worker drain. A second call lets them abort what remains. */
  shutdown(options?: { readonly graceMs?: number }): Promise<ClusterResult>;
  /**
   * Asks a worker what its `answering` answers.
   *
   * @throws {SpillwayError} `worker-lost`: it has ended, or does not answer in time
   */
  ask(worker: Pick<WorkerInfo, "id">, question: unknown, timeoutMs: number): Promise<unknown>;
}

/**
 * Binds all places, starts the workers, and keeps them running. This process accepts nothing: workers accept from the
 * sockets that it holds, so that a new worker takes over without a lost connection. Fulfils when the places are bound.
 *
 * Does not handle signals: call `shutdown()` and `reload()` when it is time. When this process ends, its workers drain.
 *
 * @throws {TypeError | RangeError} an option that makes no sense
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`
 *
 * @example
 * ```ts ignore
 * import { supervise } from "spillway/cluster";
 *
 * const cluster = await supervise({
 *   script: new URL("./worker.js", import.meta.url),
 *   listen: [{ port: 8080 }],
 *   workers: 4,
 * });
 * process.on("SIGHUP", () => cluster.reload());
 * process.on("SIGTERM", () => cluster.shutdown());
 * await cluster.finished;
 * ```
 */
export async function supervise(options: SuperviseOptions): Promise<Cluster> {
  const checked = checkSuperviseOptions(options);
  const transport = checked.transport ?? (await import("../mod.ts")).transport;
  const host = process as unknown as WorkerHost;
  const handover = Handover.of(host);
  const handedOver = (await handover?.take(transport)) ?? [];
  const { dropped, held } = await holdPlaces(transport, checked.listen, checked, handedOver);
  return new Supervision(checked, { dropped, held, handover });
}

/** The sockets that a supervision begins with. */
interface Held {
  readonly held: readonly HeldPlace[];
  /** Places of the predecessor that are not wanted any more. */
  readonly dropped: readonly HeldPlace[];
  readonly handover: Handover | undefined;
}

/** A server takes no grace of 0. */
function positive(graceMs: number): number | undefined {
  return graceMs > 0 ? graceMs : undefined;
}

class Supervision implements Cluster {
  readonly addresses: readonly Address[];
  readonly ready: Promise<void>;
  readonly finished: Promise<ClusterResult>;
  readonly #options: CheckedOptions;
  readonly #places: readonly HeldPlace[];
  readonly #supervisor: WorkerSupervisor;
  readonly #observer: ClusterObserver;
  /** The process to which systemd has given its sockets. */
  readonly #inheritor: number;
  #inPlace = false;
  /** The successor has the sockets: their paths are not ours to remove. */
  #handedOver = false;
  #upgrading: Promise<string | undefined> | undefined;
  /** The process that is to take over. */
  #successor: StartedChild | undefined;

  constructor(options: CheckedOptions, { dropped, handover, held: places }: Held) {
    const { clock, drainTimeoutMs, graceMs, readyTimeoutMs, silenceTimeoutMs, workers } = options;
    this.#options = options;
    this.#places = places;
    this.#observer = options.observer ?? reportFaults;
    this.#inheritor = handover?.inheritor ?? process.pid;
    this.addresses = places.map(({ sockets: [socket] }) => (socket as { address: Address }).address);
    const beatMs = Math.max(SHORTEST_BEAT_MS, Math.min(LONGEST_BEAT_MS, silenceTimeoutMs / 2, readyTimeoutMs / 2));
    const beats = (ms: number) => Math.ceil(ms / beatMs);
    this.#observe({ type: "bound", addresses: this.addresses, workers });
    this.#supervisor = new WorkerSupervisor({
      workers,
      clock,
      beatMs,
      patience: {
        starting: beats(readyTimeoutMs),
        silent: beats(silenceTimeoutMs),
        draining: beats(drainTimeoutMs),
        forced: beats(FORCED_MS),
      },
      graceMs: positive(graceMs),
      start: (slot, owner) => this.#startWorker(slot, owner),
      refusal: () => this.#refusal(),
      observe: (event) => this.#observe(event),
    });
    this.ready = this.#supervisor.ready.then(async () => {
      await options.onReady?.();
      handover?.complete();
      for (const { sockets } of dropped) for (const socket of sockets) socket.close();
    });
    this.ready.catch(() => undefined);
    this.finished = this.#supervisor.finished.then((result) => {
      this.#close();
      return result;
    });
  }

  get workers(): readonly WorkerInfo[] {
    return this.#supervisor.workers;
  }

  get isServing(): boolean {
    const { phase, serving } = this.#supervisor;
    return (phase === "starting" || phase === "running") && serving > 0;
  }

  reload(slot?: number): Promise<ReloadResult> {
    return this.#supervisor.reload(slot);
  }

  drainWorker(slot: number): boolean {
    return this.#supervisor.drainWorker(slot);
  }

  shutdown({ graceMs }: { readonly graceMs?: number } = {}): Promise<ClusterResult> {
    if (graceMs !== undefined && !(graceMs > 0 && graceMs < Infinity)) {
      throw new RangeError(`graceMs must be a number of milliseconds above 0, not ${graceMs}`);
    }
    // Otherwise a server would begin that nobody asked for. Its own workers drain.
    this.#successor?.terminate();
    void this.#supervisor.shutdown(graceMs);
    return this.finished;
  }

  ask(worker: Pick<WorkerInfo, "id">, question: unknown, timeoutMs: number): Promise<unknown> {
    return this.#supervisor.ask(worker, question, timeoutMs);
  }

  upgrade(): Promise<string | undefined> {
    this.#upgrading ??= this.#upgrade().finally(() => {
      this.#upgrading = undefined;
    });
    return this.#upgrading;
  }

  async #upgrade(): Promise<string | undefined> {
    if (!this.isServing) return "the cluster does not serve";
    this.#observe({ type: "upgrade-started" });
    const started = await this.#startSuccessor();
    const why = started ?? (this.isServing ? undefined : "the cluster drains");
    if (why !== undefined) {
      this.#successor?.kill();
      this.#observe({ type: "upgrade-failed", why });
      return why;
    }
    this.#handedOver = true;
    // This process ends before it.
    this.#successor?.release();
    this.#observe({ type: "upgrade-finished" });
    void this.#supervisor.retire(positive(this.#options.graceMs));
    return undefined;
  }

  /** Returns why the successor did not become ready, if it did not. */
  #startSuccessor(): Promise<string | undefined> {
    const { clock, readyTimeoutMs } = this.#options;
    const sockets = this.#places.flatMap((place) => place.sockets);
    const handover = handoverText(this.#places, inheritedDescriptors(sockets), this.#inheritor);
    const [, program = "", ...args] = process.argv;
    return new Promise((resolve) => {
      // It loads the service once to learn where to listen, and then as its workers do.
      const timer = clock.setTimeout(() => {
        resolve("the new supervisor did not get ready in time");
        this.#successor?.kill();
      }, 3 * readyTimeoutMs);
      const settle = (why: string | undefined) => {
        clock.clearTimeout(timer);
        resolve(why);
      };
      this.#successor = startChild(
        {
          command: [...programCommand(program), ...args],
          cwd: undefined,
          env: { ...process.env, [HANDOVER_VARIABLE]: handover },
          sockets,
          version: HANDOVER_PROTOCOL.version,
          stdin: "inherit",
        },
        {
          onMessage: (message) => {
            if (message.type === "ready") settle(undefined);
            if (message.type !== "up") return;
            const conflict = versionConflict(HANDOVER_PROTOCOL, message.version);
            if (conflict !== undefined) settle(`the new supervisor ${conflict}`);
          },
          onExit: (exit) => {
            this.#successor = undefined;
            // One that was told to end is no failure, although this one still drains.
            const isLost = this.#handedOver && this.#supervisor.phase !== "ended" && exit.code !== 0;
            const how = exit.signal ?? `exit code ${exit.code}`;
            if (isLost) this.#observe({ type: "successor-lost", why: `the new supervisor has ended (${how})` });
            settle(`the new supervisor ${endText(exit)}`);
          },
        },
      );
    });
  }

  #startWorker(slot: number, owner: ProcessOwner): WorkerProcess {
    const { command, cwd, env, workers } = this.#options;
    const places = this.#places.map((held) => ({ ...held, socket: socketOf(held, slot) }));
    const sockets = places.map(({ socket }) => socket);
    const descriptors = inheritedDescriptors(sockets);
    const { version } = WORKER_PROTOCOL;
    const assignment: Assignment = {
      version,
      slot,
      workers,
      sockets: places.map(({ place, socket: { address, handle }, sockets: all, target }, index) => {
        const fd = descriptors[index];
        // A socket that cannot be sent comes only once: on Bun, workers cannot accept in turns.
        const inTurns = handle !== undefined && address.path === undefined;
        const shared = workers > 1 && all.length === 1 && inTurns;
        return { place, target, address, ...(fd !== undefined && { fd }), ...(shared && { shared }) };
      }),
      inheritor: this.#inheritor,
    };
    const variables = { ...env, [HANDOVER_VARIABLE]: undefined, [WORKER_VARIABLE]: JSON.stringify(assignment) };
    return startChild({ command, cwd, env: variables, sockets, version, stdin: "ignore" }, owner);
  }

  /**
   * A socket that nobody listened on yet is taken for a dead one, and its path may have been given to another server. When a
   * worker listens, this cannot happen any more.
   */
  #refusal(): string | undefined {
    if (this.#inPlace) return undefined;
    const lost = this.#places.find(({ sockets }) => sockets.some((socket) => !socket.isInPlace()));
    if (lost !== undefined) return `another server has taken ${lost.place} meanwhile`;
    this.#inPlace = true;
    return undefined;
  }

  #close(): void {
    for (const { sockets } of this.#places) {
      for (const socket of sockets) {
        if (this.#handedOver) socket.release();
        else socket.close();
      }
    }
  }

  #observe(event: ClusterEvent): void {
    try {
      this.#observer(event);
    } catch (error) {
      console.error(`spillway: the observer of the cluster threw at ${event.type}:`, error);
    }
  }
}

/** Without an observer, faults are not silent. */
function reportFaults(event: ClusterEvent): void {
  switch (event.type) {
    case "worker-killed":
      return console.error(`spillway: worker ${event.worker.slot} was killed: ${event.why}`);
    case "worker-ended": {
      const { code, error, signal } = event.exit;
      if (!event.expected)
        console.error(`spillway: worker ${event.worker.slot} ended: ${error ?? signal ?? `exit code ${code}`}`);
      return;
    }
    case "reload-finished":
      if (!event.reloaded) console.error(`spillway: the workers were not all replaced: ${event.why}`);
      return;
    case "upgrade-failed":
      return console.error(`spillway: the supervisor was not replaced: ${event.why}`);
    case "successor-lost":
      return console.error(`spillway: ${event.why}, and nobody accepts: start the service again`);
    default:
  }
}

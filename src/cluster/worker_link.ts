import { versions } from "node:process";
import type { Address, Limits, SentSocket, ShutdownOptions, Transport } from "../core/mod.ts";
import { describe, isPromiseLike, SpillwayError, systemClock } from "../core/mod.ts";
import { inheritedTransport } from "./inherited_transport.ts";
import { type Assignment, type FromWorker, isMessage, type ToWorker } from "./messages.ts";
import { WORKER_PROTOCOL } from "./protocol_version.ts";
import { ReceivedSockets } from "./received_sockets.ts";
import { readRoleMessage } from "./role_message.ts";
import { WORKER_VARIABLE } from "./role_variables.ts";
import { shareLimits } from "./share_limits.ts";
import type { SharedListenerHost } from "./shared_listener.ts";
import { whenOrphaned } from "./when_orphaned.ts";
import { say, type WorkerHost } from "./worker_host.ts";

const isDeno = "deno" in versions;
/** The connections that Deno may accept ahead: it listens on a sent socket with a backlog of 511, and others come meanwhile. */
const MOST_AHEAD = 1_024;

/** A server, as far as its supervisor steers it. */
export interface SteeredServer {
  /** Fulfils when it has ended. */
  readonly finished: Promise<unknown>;
  /** Lets it drain. A second call aborts what remains. */
  shutdown(options?: ShutdownOptions): Promise<unknown>;
  /** The connections that it has. */
  stats?(): { readonly connections: number; readonly establishing: number };
}

/** Answers a question of a supervisor. */
export type Answering = (question: unknown) => unknown;

/** Reports whether this process is a worker of a supervisor. */
export function isWorker({ env }: Pick<WorkerHost, "env">): boolean {
  return (env[WORKER_VARIABLE] ?? "") !== "";
}

/** A worker's end of the channel to its supervisor. */
export class WorkerLink {
  /** The task that the supervisor has given at the start. */
  readonly assignment: Assignment;
  /** Listens on the sockets of the supervisor. */
  readonly transport: Transport;
  /** Answers the questions of the supervisor. */
  answering: Answering | undefined;
  readonly #host: WorkerHost;
  #server: SteeredServer | undefined;
  /** The order that came before there was a server. */
  #early: (ToWorker & { type: "drain" | "force" }) | "disconnected" | undefined;
  /** From then on connections may have been accepted. */
  #listens = false;
  #draining = false;
  #over = false;
  /** Ends the watch of the supervisor's process, where there is one. */
  #endWatch: () => void = () => undefined;
  /** The connections that this worker takes. Those beyond are left to its siblings. */
  #most = Infinity;
  readonly #received: ReceivedSockets;

  private constructor(
    host: WorkerHost,
    assignment: Assignment,
    transport: Transport,
    received: ReceivedSockets,
    sockets: readonly (number | SentSocket)[],
  ) {
    this.#host = host;
    this.#received = received;
    this.assignment = assignment;
    const inherited = assignment.sockets.map(({ address, place, shared }, index) => ({
      place,
      socket: sockets[index] as number | SentSocket,
      shared: shared === true ? this.#sharedHost(index, address) : undefined,
    }));
    this.transport = inheritedTransport(transport, inherited, () => {
      this.#listens = true;
    });
    host.on("message", (message: unknown) => {
      if (isMessage(message)) this.#onMessage(message);
    });
    host.on("disconnect", () => this.#onDisconnect());
    if (isDeno) this.#endWatch = whenOrphaned(host, systemClock, () => this.#onDisconnect());
  }

  /**
   * Joins the supervisor that has started this process: fulfils when its sockets have come.
   *
   * @throws {SpillwayError} `listen-failed`: this process is no worker, the channel to its supervisor is closed, or the supervisor
   *   speaks another version of the protocol
   */
  static async join(host: WorkerHost, transport: Transport): Promise<WorkerLink> {
    const assignment = assignmentOf(host);
    // Processes that a service starts are no workers.
    delete host.env[WORKER_VARIABLE];
    const early: ToWorker[] = [];
    let joined = false;
    host.on("message", (message: unknown) => {
      if (!joined && isMessage(message)) early.push(message);
    });
    const received = new ReceivedSockets(host, systemClock);
    const handles = await received.first(assignment.sockets, assignment.version);
    const sockets = assignment.sockets.map(
      ({ address, fd }, index) => fd ?? { handle: handles[index] as object, address },
    );
    joined = true;
    const link = new WorkerLink(host, assignment, transport, received, sockets);
    for (const message of early) link.#onMessage(message);
    return link;
  }

  /** Returns the part that a worker has of the limits of a whole server. @throws as {@link shareLimits} */
  share(limits: Partial<Limits> & { readonly beyondMaxConnections?: "wait" | "reject" }): Partial<Limits> {
    const share = shareLimits(limits, this.assignment.workers);
    // Connections that are to be rejected must be accepted.
    this.#most = limits.beyondMaxConnections === "reject" ? Infinity : (share.maxConnections ?? Infinity);
    return share;
  }

  #sharedHost(index: number, address: Address): SharedListenerHost {
    return {
      clock: systemClock,
      ahead: () => (isDeno ? Math.min(MOST_AHEAD, Math.floor(this.#most / 8)) : 0),
      room: () => {
        const { connections = 0, establishing = 0 } = this.#server?.stats?.() ?? {};
        return this.#most - connections - establishing;
      },
      askForSocket: async () => ({ handle: await this.#received.again(index), address }),
    };
  }

  /** The server listens, and is steered by the supervisor from now on. */
  serving(server: SteeredServer): void {
    this.#server = server;
    void server.finished.then(
      () => this.#end(),
      () => this.#end(),
    );
    // One that drains already, as after an uncaught error, does not get ready.
    if (this.#draining) return;
    if (this.#early === undefined) return this.#send({ type: "ready" });
    if (this.#early === "disconnected") void server.shutdown();
    else this.#onMessage(this.#early);
  }

  /** Whether the server drains: another `shutdown()` would force it. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** The server accepts nothing more, whoever asked for it. */
  draining(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#send({ type: "draining" });
  }

  #onMessage(message: ToWorker): void {
    switch (message.type) {
      case "ping":
        return this.#send({ type: "pong" });
      case "drain":
      case "force":
        if (this.#server === undefined) this.#beforeServing(message);
        else this.#shutDown(this.#server, message);
        return;
      case "ask":
        void this.#answer(message.id, message.question);
        return;
      default:
    }
  }

  #shutDown(server: SteeredServer, message: ToWorker & { type: "drain" | "force" }): void {
    if (message.type === "drain") {
      // A signal may have come first, as to all processes of a service.
      if (this.#draining) return;
      void server.shutdown(message.graceMs === undefined ? {} : { graceMs: message.graceMs });
      return this.draining();
    }
    // The first call drains, the second one aborts what remains.
    if (!this.#draining) void server.shutdown();
    this.draining();
    void server.shutdown();
  }

  async #answer(id: number, question: unknown): Promise<void> {
    try {
      const answer = this.answering?.(question);
      this.#send({ type: "answer", id, answer: isPromiseLike(answer) ? await answer : answer });
    } catch (error) {
      this.#send({ type: "answer", id, error: describe(error) });
    }
  }

  /** Nothing was accepted yet: there is nothing to drain, and a service may never finish to load. */
  #beforeServing(what: (ToWorker & { type: "drain" | "force" }) | "disconnected"): void {
    this.#early = what;
    if (!this.#listens) this.#host.exit?.(what === "disconnected" ? 1 : 0);
  }

  /** Without a supervisor nobody would end or replace this process. */
  #onDisconnect(): void {
    if (this.#over) return;
    if (this.#server === undefined) this.#beforeServing("disconnected");
    else if (!this.#draining) {
      this.#draining = true;
      void this.#server.shutdown();
    }
  }

  /** The open channel would keep the process alive. */
  #end(): void {
    this.#over = true;
    this.#endWatch();
    if (this.#host.connected === true) this.#host.disconnect?.();
  }

  #send(message: FromWorker): void {
    say(this.#host, message);
  }
}

function assignmentOf(host: WorkerHost): Assignment {
  if (!isWorker(host) || host.connected !== true) {
    throw new SpillwayError("listen-failed", "this process is no worker of a supervisor: start it with supervise()");
  }
  const fields = ["slot", "workers", "sockets", "inheritor"] as const;
  return readRoleMessage<Assignment>(host, { name: WORKER_VARIABLE, protocol: WORKER_PROTOCOL, fields });
}

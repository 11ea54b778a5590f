import { addressText, type ConnectionClosed, type ObservedServer, type ServerEvent } from "../core/mod.ts";
import { Ring } from "./ring.ts";

/** The number of ends that are kept. */
const MOST_ENDS = 1_000;
/** Codes of establish steps are their authors' to choose. */
const MOST_CODES = 64;
const OTHER_CODES = "other";
/** After an accept error that is tried again, accepting counts as failing until a connection comes, or for this time. */
const ACCEPT_ERROR_MS = 2_000;

/** The end of a connection, or of one that was not established. */
export interface End {
  /** When it ended, in ms since 1970. */
  readonly at: number;
  readonly event: ConnectionClosed | Extract<ServerEvent, { type: "establish-failed" }>;
}

/** Why a server is not ready. */
export interface Problem {
  readonly code:
    | "not-listening"
    | "accepting-stopped"
    | "accept-failed"
    | "accept-error"
    | "connections-full"
    | "draining"
    | "drained";
  readonly message: string;
}

/** The state of a server in one word. */
export type ServerPhase = "waiting" | "serving" | "stopped" | "grace" | "draining" | "drained";

/** Counts of events that the server's own `stats()` do not have. */
export interface EventCounts {
  readonly acceptErrors: number;
  readonly frameErrors: number;
  readonly handlerErrors: number;
  readonly slowConsumers: number;
}

/** The state of a server, as its events tell it. */
export class ServerWatch {
  readonly ends: Ring<End> = new Ring<End>(MOST_ENDS);
  /** The numbers of ends by reason, and of connections that were not established by code. */
  readonly endsByReason: Map<string, number> = new Map<string, number>();
  readonly failuresByCode: Map<string, number> = new Map<string, number>();
  phase: ServerPhase = "waiting";
  /** When the server began to listen, in ms since 1970. */
  listeningSince: number | undefined;
  readonly counts: { -readonly [Name in keyof EventCounts]: EventCounts[Name] } = {
    acceptErrors: 0,
    frameErrors: 0,
    handlerErrors: 0,
    slowConsumers: 0,
  };
  #server: ObservedServer | undefined;
  #full: number | undefined;
  /** Why accepting has stopped for good. */
  #acceptFailure: string | undefined;
  #acceptError: { readonly until: number; readonly message: string } | undefined;

  /** The server that listened last. */
  get server(): ObservedServer | undefined {
    return this.#server;
  }

  observe(event: ServerEvent): void {
    switch (event.type) {
      case "listening":
        return this.#onListening(event.server);
      case "connection-opened":
        this.#acceptError = undefined;
        return;
      case "connection-closed":
        this.ends.push({ at: Date.now(), event });
        return count(this.endsByReason, event.reason);
      case "establish-failed":
        this.#acceptError = undefined;
        this.ends.push({ at: Date.now(), event });
        return count(this.failuresByCode, event.error.code);
      case "accept-error":
        return this.#onAcceptError(event.error.message, event.retryInMs);
      case "connections-full":
        this.#full = event.connections;
        return;
      case "connections-available":
        this.#full = undefined;
        return;
      case "accepting-stopped":
        this.phase = event.graceMs === undefined ? "stopped" : "grace";
        return;
      case "draining":
      case "drained":
        this.phase = event.type;
        return;
      case "frame-error":
        this.counts.frameErrors += 1;
        return;
      case "handler-error":
        this.counts.handlerErrors += 1;
        return;
      case "slow-consumer":
        this.counts.slowConsumers += 1;
        return;
      default:
    }
  }

  /** Why the server should get no new connections: nothing, if it is ready. */
  problems(): Problem[] {
    const problems: Problem[] = [];
    const add = (code: Problem["code"], message: string) => problems.push({ code, message });
    if (this.phase === "waiting") add("not-listening", "no server listens yet");
    if (this.phase === "stopped") add("accepting-stopped", "the server accepts no more connections");
    if (this.phase === "grace")
      add("accepting-stopped", "the server is about to drain: it accepts no more connections");
    if (this.phase === "draining") add("draining", "the server drains");
    if (this.phase === "drained") add("drained", "the server has drained");
    if (this.#acceptFailure !== undefined) add("accept-failed", `accepting has stopped: ${this.#acceptFailure}`);
    const failing = this.#acceptError;
    if (failing !== undefined && Date.now() < failing.until) add("accept-error", failing.message);
    if (this.#full !== undefined) {
      add("connections-full", `maxConnections is reached: ${this.#full} connections are open, and further ones wait`);
    }
    return problems;
  }

  addresses(): string[] {
    return this.#server?.addresses.map(addressText) ?? [];
  }

  #onListening(server: ObservedServer): void {
    if (this.#server === server) return;
    this.#server = server;
    this.phase = "serving";
    this.listeningSince = Date.now();
    this.#full = undefined;
    this.#acceptFailure = undefined;
    this.#acceptError = undefined;
    this.ends.clear();
    this.endsByReason.clear();
    this.failuresByCode.clear();
    Object.assign(this.counts, { acceptErrors: 0, frameErrors: 0, handlerErrors: 0, slowConsumers: 0 });
  }

  #onAcceptError(message: string, retryInMs: number | undefined): void {
    this.counts.acceptErrors += 1;
    if (retryInMs === undefined) this.#acceptFailure = message;
    else this.#acceptError = { until: Date.now() + retryInMs + ACCEPT_ERROR_MS, message };
  }
}

function count(counts: Map<string, number>, code: string): void {
  const name = counts.has(code) || counts.size < MOST_CODES ? code : OTHER_CODES;
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

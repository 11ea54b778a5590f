import { connect, type Socket } from "node:net";
import type { Random } from "spillway/testing";
import { Unframer } from "../support/framings.ts";
import { FRAMINGS } from "./framings.ts";
import { Ledger } from "./ledger.ts";
import type { Plan } from "./plan.ts";
import type { Toxics } from "./toxics.ts";

/** A connection on which nothing happens for so long is stuck. */
const STUCK_MS = 30_000;

/** How a connection of the load went. */
export interface Visit {
  readonly plan: Plan;
  readonly ledger: Ledger;
  /** All requests that the plan has were sent. */
  readonly askedAll: boolean;
  /** How it ended, seen from here: `stuck` was waited for in vain. */
  readonly end: "fin" | "reset" | "refused" | "quit" | "stuck" | "wrong";
  /** Tells of the first frame that could not come. */
  readonly error?: Error;
  /** When it began and ended, on the clock of `performance.now()`. */
  readonly from: number;
  readonly until: number;
  /** When the first request was sent that was not answered, if there is one. */
  readonly openSince?: number;
  /** The proxy was down meanwhile. */
  readonly down: boolean;
  /** Bytes that the proxy passed on to the server. */
  readonly passedBytes: number;
}

/** The way to a service. */
export interface Way {
  readonly port: number;
  /** Says what happens to the connection from this port. */
  assign(fromPort: number, toxics: Toxics): void;
  /** That connection is over: bytes that were passed on to the server from this port. */
  release(fromPort: number): number;
  /** Whether it was down at this instant or later. */
  downSince(instant: number): boolean;
}

/** Follows the plan to its end. Does not reject. */
export function visit(plan: Plan, tag: string, way: Way, random: Random): Promise<Visit> {
  return new Promise((resolve) => new Visitor(plan, tag, way, random, resolve).start());
}

class Visitor {
  readonly #plan: Plan;
  readonly #ledger: Ledger;
  readonly #way: Way;
  readonly #random: Random;
  readonly #resolve: (visit: Visit) => void;
  readonly #socket: Socket;
  readonly #unframer: Unframer;
  readonly #startedAt = performance.now();
  /** When requests were sent: how many there were then, and the instant. */
  readonly #askedAt: { readonly asked: number; readonly at: number }[] = [];
  #port = 0;
  #end: Visit["end"] | undefined;
  #error: Error | undefined;
  #finished = false;

  constructor(plan: Plan, tag: string, way: Way, random: Random, resolve: (visit: Visit) => void) {
    this.#plan = plan;
    this.#ledger = new Ledger(plan.service, tag);
    this.#way = way;
    this.#random = random;
    this.#resolve = resolve;
    this.#unframer = new Unframer(FRAMINGS[plan.service]);
    this.#socket = connect({ port: way.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  }

  start(): void {
    const socket = this.#socket.setEncoding("latin1").setTimeout(STUCK_MS);
    socket.on("connect", () => this.#onConnect());
    socket.on("data", (text: string) => this.#onText(text));
    socket.on("end", () => this.#onEnd());
    socket.on("error", ({ code }: NodeJS.ErrnoException) => this.#leave(code === "ECONNREFUSED" ? "refused" : "reset"));
    socket.on("timeout", () => this.#leave("stuck"));
    socket.on("close", () => this.#onClose());
  }

  #onConnect(): void {
    this.#port = this.#socket.localPort as number;
    this.#way.assign(this.#port, this.#plan.toxics);
    this.#ask();
  }

  /** Sends as many requests as may be open. */
  #ask(): void {
    const { delayMs, leave, padding, requests, window } = this.#plan;
    const ledger = this.#ledger;
    const sizes = { padding, delayMs };
    let text = "";
    while (ledger.asked.length < requests && this.#openRequests < window) {
      if (typeof leave === "object" && ledger.asked.length >= leave.quitAfter) break;
      text += ledger.ask(this.#random, sizes);
    }
    const askedAll = ledger.asked.length >= requests;
    const answered = ledger.open === 0;
    if (ledger.isGroup && askedAll && answered && ledger.asked.length === requests) text += ledger.askToLeave();
    if (text !== "") {
      this.#socket.write(text, "latin1");
      this.#noteAsked();
    }
    if (typeof leave === "object" && ledger.asked.length >= leave.quitAfter) return this.#quit();
    if (!askedAll || (leave === "answered" && ledger.open > 0)) return;
    this.#finish();
  }

  #noteAsked(): void {
    const { asked } = this.#ledger;
    while (this.#askedAt.length > 0 && this.#isAnswered(this.#askedAt[0]?.asked as number)) this.#askedAt.shift();
    this.#askedAt.push({ asked: asked.length, at: performance.now() });
  }

  /** Whether so many requests, the first ones, are answered. */
  #isAnswered(requests: number): boolean {
    return (this.#ledger.asked[requests - 1]?.replies ?? 0) <= this.#ledger.replies;
  }

  /** Requests whose last reply has not come; for streams of none, those that were sent since. */
  get #openRequests(): number {
    const { asked, replies } = this.#ledger;
    let open = 0;
    for (let at = asked.length - 1; at >= 0 && (asked[at]?.replies as number) > replies; at--) open += 1;
    return open;
  }

  #onText(text: string): void {
    if (this.#end !== undefined) return;
    try {
      this.#unframer.push(text, (frame) => this.#ledger.take(frame));
    } catch (error) {
      this.#error = error as Error;
      return this.#leave("wrong");
    }
    if (!this.#finished) this.#ask();
  }

  #onEnd(): void {
    this.#end ??= "fin";
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#socket.end();
  }

  #quit(): void {
    this.#finished = true;
    this.#leave("quit");
  }

  #leave(end: Visit["end"]): void {
    this.#end ??= end;
    this.#socket.resetAndDestroy();
  }

  #onClose(): void {
    const openSince = this.#askedAt.find(({ asked }) => !this.#isAnswered(asked))?.at;
    this.#resolve({
      plan: this.#plan,
      ledger: this.#ledger,
      askedAll: this.#ledger.asked.length >= this.#plan.requests,
      end: this.#end ?? "reset",
      from: this.#startedAt,
      until: performance.now(),
      ...(openSince === undefined ? {} : { openSince }),
      passedBytes: this.#way.release(this.#port),
      down: this.#way.downSince(this.#startedAt),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    });
  }
}

import type { CloseReason, ServerEvent } from "../../src/core/mod.ts";
import type { ServedModel } from "../../src/testing/served_model.ts";
import { Invariant, type Simulation } from "../../src/testing/simulation.ts";
import type { Client, Sent } from "./client.ts";

/** Ends behind which all that was taken is answered. */
const ORDERLY: readonly CloseReason[] = [
  "remote-closed",
  "drained",
  "idle-timeout",
  "silence-timeout",
  "lifetime-reached",
  "handler-closed",
];
/** Ends of the input's own making: what came before is answered too. */
const REFUSED: readonly CloseReason[] = [
  "frame-too-large",
  "frame-invalid",
  "frame-timeout",
  "unexpected-eof",
  "codec-failed",
];
const FAULT = "error: ";

/** Each complete request is answered exactly once and in order, or its connection has ended. */
export class Answers extends Invariant {
  readonly name = "requests are answered once, in order";
  readonly #clients: ReadonlyMap<number, Client>;
  readonly #readers = new Map<number, Reader>();
  /** Whether a grace has begun: the goodbyes of a grace are followed by replies. */
  #inGrace = false;

  constructor(clients: ReadonlyMap<number, Client>) {
    super();
    this.#clients = clients;
  }

  /** Watches a client from its beginning. */
  watch(client: Client, world: Simulation): void {
    const reader = new Reader(client);
    this.#readers.set(client.number, reader);
    client.onFrame = (frame) => {
      const complaint = reader.take(frame, this.#inGrace);
      try {
        this.expect(complaint === undefined, () => `client ${client.number}: ${complaint}`);
      } catch (error) {
        world.fail(error);
      }
    };
  }

  override onEvent(event: ServerEvent): void {
    if (event.type === "accepting-stopped" && event.graceMs !== undefined) this.#inGrace = true;
  }

  override onEnd({ served }: Simulation): void {
    const byPort = new Map([...this.#clients.values()].map((client) => [client.port, client]));
    for (const model of served.values()) {
      const client = byPort.get(model.info.remoteAddress.port as number);
      const reader = client && this.#readers.get(client.number);
      if (client === undefined || reader === undefined || !client.sawFin || client.error !== undefined) continue;
      this.#checkEnd(client, reader, model);
    }
  }

  #checkEnd(client: Client, reader: Reader, { closed, info }: ServedModel): void {
    if (closed === undefined) return;
    const { reason, framesIn } = closed;
    const where = `client ${client.number} (connection ${info.id}, ${reason}, ${framesIn} frames in)`;
    const { requests } = client;
    const { fault } = reader;
    this.expect(fault === undefined || fault === reason, () => `${where} was told of ${fault}`);
    this.expect(
      closed.framesOut === reader.frames,
      () => `${where} got ${reader.frames} of ${closed.framesOut} frames`,
    );
    if (!ORDERLY.includes(reason) && !REFUSED.includes(reason)) return;
    const due = dueOf(requests.slice(0, framesIn), reason);
    this.expect(due === reader.answers, () => `${where} got ${reader.answers} answers, of ${due}`);
    this.expect(reason !== "drained" || reader.goodbye, () => `${where} got no goodbye`);
    const whole = reason !== "remote-closed" || framesIn === requests.length;
    this.expect(whole, () => `${where} sent ${requests.length} requests and FIN`);
  }
}

/** How many frames these requests make, up to the one whose handler has the last word. */
function dueOf(requests: readonly Sent[], reason: CloseReason): number {
  let due = 0;
  for (const { answers, request } of requests) {
    due += answers?.length ?? 0;
    if (reason === "handler-closed" && request?.verb === "quit") break;
  }
  return due;
}

/** Reads what a client gets. */
class Reader {
  frames = 0;
  answers = 0;
  fault: string | undefined;
  goodbye = false;
  readonly #client: Client;
  /** The request whose answers come now, and how many have come. */
  #at = 0;
  #come = 0;
  #last: string | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Takes a frame, and returns its fault, if it has one. */
  take(frame: string, inGrace: boolean): string | undefined {
    if (this.#last !== undefined) return `${frame} behind ${this.#last}`;
    if (frame.startsWith(FAULT)) {
      this.#last = frame;
      this.fault = frame.slice(FAULT.length);
      return undefined;
    }
    this.frames += 1;
    if (frame === "hello") return this.answers === 0 ? undefined : "a greeting that comes late";
    if (frame === "goodbye") {
      if (this.goodbye) return "a second goodbye";
      if (!inGrace) this.#last = frame;
      this.goodbye = true;
      return undefined;
    }
    return frame.startsWith("@") ? undefined : this.#takeAnswer(frame);
  }

  #takeAnswer(frame: string): string | undefined {
    this.answers += 1;
    const { sent, number } = this.#client;
    if (!frame.startsWith(`${number}.`)) return `it got what is another's: ${frame}`;
    for (let next = sent[this.#at]; next !== undefined; next = sent[this.#at]) {
      const { answers } = next;
      if (answers === undefined) return `${frame} answers what should have failed, or comes behind it`;
      if (this.#come < answers.length) {
        const expected = answers[this.#come] as string;
        this.#come += 1;
        return frame === expected ? undefined : `it got ${frame}, not ${expected}`;
      }
      this.#at += 1;
      this.#come = 0;
    }
    return `${frame} answers nothing`;
  }
}

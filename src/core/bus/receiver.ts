import { describe } from "../errors/describe.ts";
import { SpillwayError } from "../errors/errors.ts";
import type { Clock } from "../time/clock.ts";
import type { BusFrames } from "./bus.ts";
import type { BusEvent } from "./bus_event.ts";
import { decodeValue } from "./frame_value.ts";
import { originText } from "./origin.ts";
import type { Origins } from "./origins.ts";
import { type Batch, type Beacon, type Question, type RecipientKind, readMessage, TO, type WireFrame } from "./wire.ts";

/** The least time between two reports of messages that make no sense. */
const COMPLAINT_MS = 1_000;

/** The server of a {@link Receiver}. */
export interface ReceiverOwner {
  /** The name of the bus. */
  readonly name: string;
  readonly origin: number;
  readonly clock: Clock;
  readonly frames: BusFrames | undefined;
  readonly observe: (event: BusEvent) => void;
  /** Returns the sequence of the next frame that this server sends in a topic. */
  sequenceOf(topic: number): number;
  /** Another server has sent something. */
  onHeard(from: Pick<Batch, "origin" | "epoch">): void;
  onBeacon(beacon: Beacon): void;
  onQuestion(question: Question): void;
  /** @throws {WireError} the payload is no answer */
  onAnswer(origin: number, payload: Uint8Array): void;
  /** Returns the number of members here. */
  size(to: RecipientKind, name: string): number;
  /** Delivers a frame of another server. @throws {SpillwayError} no member's codec can encode it */
  deliver(to: RecipientKind, name: string, frame: unknown, except: string): void;
}

/** Reads messages of other servers, and delivers their frames. Invalid messages are counted and reported, and never throw. */
export class Receiver {
  readonly counts: Record<"framesReceived" | "framesFiltered" | "invalid", number> = {
    framesReceived: 0,
    framesFiltered: 0,
    invalid: 0,
  };
  readonly #owner: ReceiverOwner;
  readonly #originText: string;
  readonly #origins: Origins;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(owner: ReceiverOwner, origins: Origins) {
    this.#owner = owner;
    this.#originText = originText(owner.origin);
    this.#origins = origins;
  }

  /** Begins to handle a message, as {@link IncomingOwner.open} says. */
  open(topic: number, bytes: Uint8Array): (() => boolean) | undefined {
    try {
      const message = readMessage(bytes);
      if (message.origin === this.#owner.origin) return this.#onOwn(topic, message);
      this.#owner.onHeard(message);
      if (message.type === "batch") return this.#onBatch(topic, message);
      if (message.type === "beacon") this.#owner.onBeacon(message);
      else this.#owner.onQuestion(message);
    } catch (cause) {
      this.#onUnreadable(cause);
    }
    return undefined;
  }

  /** A broker that echoes sends back the messages of this server, and no others. */
  #onOwn(topic: number, message: Batch | Beacon | Question): undefined {
    const isSent = (of: number, next: number) => next <= this.#owner.sequenceOf(of);
    if (message.type === "question") return;
    if (message.type === "batch" && isSent(topic, message.sequence + message.count)) return;
    if (message.type === "beacon" && [...message.sequences].every(([of, next]) => isSent(of, next))) return;
    this.#complain("bus-origin-taken", `another server sends as ${this.#originText}: was this process copied?`);
  }

  #onBatch(topic: number, batch: Batch): () => boolean {
    let known = this.#origins.onBatch(topic, batch);
    return () => {
      try {
        const frame = batch.next();
        if (frame === undefined) return false;
        if (known > 0) known -= 1;
        else this.#onFrame(batch.origin, frame);
        return true;
      } catch (cause) {
        this.#onUnreadable(cause);
        return false;
      }
    };
  }

  #onFrame(origin: number, { to, name, except, ...value }: WireFrame): void {
    const owner = this.#owner;
    this.counts.framesReceived += 1;
    if (to === TO.asker) {
      if (name === this.#originText) owner.onAnswer(origin, value.payload);
      return;
    }
    if (owner.size(to, name) === 0) {
      this.counts.framesFiltered += 1;
      return;
    }
    try {
      owner.deliver(to, name, decodeValue(value, owner.frames), except);
    } catch (cause) {
      this.#complain("bus-message-invalid", `a frame of another server was not delivered: ${describe(cause)}`, cause);
    }
  }

  #onUnreadable(cause: unknown): void {
    this.#complain("bus-message-invalid", `a message of another server is not readable: ${describe(cause)}`, cause);
  }

  /** Counts faulty messages, and reports at most one a second. */
  #complain(code: "bus-message-invalid" | "bus-origin-taken", message: string, cause?: unknown): void {
    const { clock, name, observe } = this.#owner;
    const now = clock.now();
    this.counts.invalid += 1;
    if (now - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = now;
    observe({ type: "bus-error", bus: name, error: new SpillwayError(code, message, { cause }) });
  }
}

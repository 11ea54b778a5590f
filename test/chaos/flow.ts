import type { Socket } from "node:net";
import type { Clock } from "spillway/core";
import type { Cut, ToxicRule } from "./toxics.ts";

/** The source is paused when so many bytes are held between two sockets. */
const MAX_HELD = 65_536;

/** The events of a {@link Flow}, for its link. */
export interface FlowEvents {
  onCut(cut: Cut): void;
  /** A socket broke. */
  onBroken(): void;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly cameAt: number;
}

/**
 * One direction of a connection: what the source sends goes to the sink, as the rule says.
 *
 * - **Pushes back**: writes one piece at a time, and pauses the source while 64 KiB are held.
 */
export class Flow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #rule: ToxicRule;
  readonly #clock: Clock;
  readonly #events: FlowEvents;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  /** When the source's FIN came. */
  #endedAt: number | undefined;
  #timer: unknown;
  #writing = false;
  #over = false;

  constructor(source: Socket, sink: Socket, rule: ToxicRule, clock: Clock, events: FlowEvents) {
    this.#source = source;
    this.#sink = sink;
    this.#rule = rule;
    this.#clock = clock;
    this.#events = events;
    source.on("data", (bytes: Uint8Array) => this.#onData(bytes));
    source.on("end", () => this.#onEnd());
    source.on("error", () => events.onBroken());
    source.on("close", (broken) => broken && events.onBroken());
  }

  /** Bytes that came and were not passed on. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Bytes that were passed on. */
  get passedBytes(): number {
    return this.#rule.passed;
  }

  /** Looks whether something is due before the first byte. */
  start(): void {
    this.#advance();
  }

  /** FIN to the sink; what comes is dropped from now on. */
  finish(): void {
    if (this.#over) return;
    this.stop();
    this.#sink.end();
    this.#source.resume();
  }

  /** Passes nothing on any more. */
  stop(): void {
    this.#over = true;
    this.#clock.clearTimeout(this.#timer);
    this.#held.length = this.#heldBytes = 0;
  }

  #onData(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#held.push({ bytes, cameAt: this.#clock.now() });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= MAX_HELD) this.#source.pause();
    this.#advance();
  }

  #onEnd(): void {
    this.#endedAt = this.#clock.now();
    this.#advance();
  }

  #advance(): void {
    while (!this.#over && !this.#writing) {
      const now = this.#clock.now();
      const cut = this.#rule.reach(now);
      if (cut !== undefined) return this.#events.onCut(cut);
      const cameAt = this.#held[0]?.cameAt ?? this.#endedAt;
      if (cameAt === undefined) return;
      const waitMs = this.#rule.waitMs(cameAt, now);
      if (waitMs > 0) return this.#sleep(waitMs);
      if (this.#held.length === 0) return this.finish();
      this.#forward(now);
    }
  }

  #sleep(ms: number): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#advance(), ms);
  }

  #forward(now: number): void {
    const { bytes, cameAt } = this.#held.shift() as Held;
    const count = this.#rule.pass(bytes.length, now);
    if (count < bytes.length) this.#held.unshift({ bytes: bytes.subarray(count), cameAt });
    this.#heldBytes -= count;
    if (this.#heldBytes < MAX_HELD) this.#source.resume();
    this.#writing = true;
    // How a write failed, the socket's own events say.
    this.#sink.write(bytes.subarray(0, count), () => {
      this.#writing = false;
      this.#advance();
    });
  }
}

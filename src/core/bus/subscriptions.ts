import type { Clock } from "../time/clock.ts";
import { CONTROL_TOPIC } from "./bus.ts";

/** The time for which a topic without members is kept: a group that is joined and left all the time must not cost the broker. */
const KEPT_MS = 5_000;

/** A topic that is wanted: because of names with members, or always. */
interface Wanted {
  /** The number of names with members; `Infinity` for topics that are always wanted. */
  names: number;
  /** Whether the broker was asked for it, and whether it sends the messages. */
  state: "new" | "asked" | "ready";
  idleAt: number;
}

/** The topics that a server subscribes to. */
export class Subscriptions {
  readonly #clock: Clock;
  readonly #wanted = new Map<number, Wanted>();
  readonly #idle = new Set<number>();
  #names = 0;

  /** `always` are wanted without members. */
  constructor(clock: Clock, always: readonly number[]) {
    this.#clock = clock;
    for (const topic of always) this.#wanted.set(topic, { names: Infinity, state: "new", idleAt: 0 });
  }

  /** The number of topics. */
  get size(): number {
    return this.#wanted.size;
  }

  /** The number of names with members. */
  get names(): number {
    return this.#names;
  }

  /** The number of topics that are kept without members. */
  get idle(): number {
    return this.#idle.size;
  }

  /** Whether the broker sends the messages of the topic. */
  isReady(topic: number): boolean {
    return this.#wanted.get(topic)?.state === "ready";
  }

  /** The topics of names whose messages come. */
  *ready(): Generator<number, undefined> {
    for (const [topic, { state }] of this.#wanted) if (state === "ready" && topic !== CONTROL_TOPIC) yield topic;
  }

  /** A name of the topic has its first member. Returns whether the broker is to be asked for it. */
  retain(topic: number): boolean {
    this.#names += 1;
    const wanted = this.#wanted.get(topic);
    if (wanted === undefined) {
      this.#wanted.set(topic, { names: 1, state: "new", idleAt: 0 });
      return true;
    }
    wanted.names += 1;
    this.#idle.delete(topic);
    return false;
  }

  /** A name of the topic has lost its last member. */
  release(topic: number): void {
    this.#names -= 1;
    const wanted = this.#wanted.get(topic);
    if (wanted === undefined) return;
    wanted.names -= 1;
    if (wanted.names > 0) return;
    wanted.idleAt = this.#clock.now();
    this.#idle.add(topic);
  }

  /** Returns the topics that the broker was not asked for, and counts them as asked for. */
  take(): number[] {
    const taken: number[] = [];
    for (const [topic, wanted] of this.#wanted) {
      if (wanted.state !== "new") continue;
      wanted.state = "asked";
      taken.push(topic);
    }
    return taken;
  }

  /** The broker sends the messages of these topics. */
  confirm(topics: readonly number[]): void {
    for (const topic of topics) {
      const wanted = this.#wanted.get(topic);
      if (wanted?.state === "asked") wanted.state = "ready";
    }
  }

  /** The connection is lost. */
  reset(): void {
    for (const wanted of this.#wanted.values()) wanted.state = "new";
  }

  /** Returns the topics that have had no members for long, and forgets them. */
  takeIdle(): number[] {
    const before = this.#clock.now() - KEPT_MS;
    const taken: number[] = [];
    for (const topic of this.#idle) {
      const wanted = this.#wanted.get(topic);
      if (wanted === undefined || wanted.idleAt > before || wanted.state === "asked") continue;
      this.#idle.delete(topic);
      this.#wanted.delete(topic);
      taken.push(topic);
    }
    return taken;
  }
}

import type { Random } from "spillway/testing";
import { FRAMINGS } from "./framings.ts";
import type { ServiceName } from "./services.ts";

/** The most that a request asks for. */
export interface Sizes {
  /** Bytes of padding. */
  readonly padding: number;
  /** A compute request takes so many milliseconds. */
  readonly delayMs: number;
}

interface Asked {
  /** Bytes of all requests up to and with this one. */
  readonly bytes: number;
  /** Replies to all requests up to and with this one. */
  readonly replies: number;
}

/** Records the requests of one connection, and checks that each frame that comes back could come. */
export class Ledger {
  readonly service: ServiceName;
  readonly tag: string;
  /** The server's number for this connection; the greeting says it. */
  id: number | undefined;
  readonly asked: Asked[] = [];
  /** Replies that came, each the right one. */
  replies = 0;
  /** Broadcasts that came. */
  broadcasts = 0;
  /** Frames of any kind that came. */
  frames = 0;
  goodbye = false;
  fault: string | undefined;
  /** The number of the last broadcast before the connection became a member, and before it left. */
  joinedAt = 0;
  leftAt: number | undefined;
  readonly #expected: string[] = [];
  #lastBroadcast = 0;

  /** Nobody else has this tag. */
  constructor(service: ServiceName, tag: string) {
    this.service = service;
    this.tag = tag;
  }

  get isGroup(): boolean {
    return this.service.startsWith("group-");
  }

  /** Replies that have not come. */
  get open(): number {
    return this.#expected.length - this.replies;
  }

  /** The next request, framed. */
  ask(random: Random, sizes: Sizes): string {
    return this.#asks(this.#request(random, sizes));
  }

  /** The last request of a member of a group. */
  askToLeave(): string {
    return this.#asks({ text: `${this.tag} leave`, replies: ["left"] });
  }

  /** A frame came. @throws {Error} it is none that could come now */
  take(frame: string): void {
    this.frames += 1;
    if (this.goodbye || this.fault !== undefined) throw this.#broken("after the last frame comes", frame);
    if (this.id === undefined) this.#greet(frame);
    else if (frame.startsWith("# ")) this.#broadcast(frame);
    else if (frame === "bye") this.goodbye = true;
    else if (frame.startsWith("error: ")) this.fault = frame;
    else this.#reply(frame);
  }

  /** Replies to the requests of which so many bytes were passed on, and whether that ended between two requests. */
  dueFor(bytes: number): { readonly replies: number; readonly whole: boolean } {
    const last = this.asked.findLast((asked) => asked.bytes <= bytes);
    return { replies: last?.replies ?? 0, whole: (last?.bytes ?? 0) === bytes };
  }

  #request(random: Random, { padding, delayMs }: Sizes): { text: string; replies: string[] } {
    const name = `${this.tag} ${this.asked.length}`;
    const pad = "x".repeat(random.below(padding + 1));
    switch (this.service) {
      case "echo":
        return same(`${name} ${pad}`);
      case "compute":
        return same(`${name} ${random.once(3) ? 0 : random.below(delayMs + 1)} ${pad}`);
      case "stream": {
        const count = random.below(30);
        return {
          text: `${name} ${count} ${pad}`,
          replies: Array.from({ length: count }, (_, k) => `${name} ${k}`),
        };
      }
      case "group-drop":
      case "group-oldest":
        // Once in a while, more than may wait for anybody.
        if (random.once(100)) return { text: `${name} 20 8000`, replies: [name] };
        return this.#broadcasts(name, random);
      case "group-reset":
        return this.#broadcasts(name, random);
    }
  }

  /** Broadcasts go to many. They are few and small, so that connections that read slowly come to an end. */
  #broadcasts(name: string, random: Random): { text: string; replies: string[] } {
    return { text: `${name} ${random.below(4)} ${random.below(200)}`, replies: [name] };
  }

  #asks({ text, replies }: { text: string; replies: readonly string[] }): string {
    const framed = FRAMINGS[this.service].frame(text);
    const bytes = (this.asked.at(-1)?.bytes ?? 0) + framed.length;
    this.#expected.push(...replies);
    this.asked.push({ bytes, replies: this.#expected.length });
    return framed;
  }

  #greet(frame: string): void {
    const [, id, joinedAt] = /^hello (\d+)(?: (\d+))?$/.exec(frame) ?? [];
    if (id === undefined) throw this.#broken("before the greeting comes", frame);
    this.id = Number(id);
    this.joinedAt = this.#lastBroadcast = Number(joinedAt ?? 0);
  }

  #broadcast(frame: string): void {
    const [, number, padding] = /^# (\d+) (#*)$/.exec(frame) ?? [];
    if (!this.isGroup || padding === undefined) throw this.#broken("what is no broadcast comes", frame);
    if (this.leftAt !== undefined) throw this.#broken("after leaving comes", frame);
    if (Number(number) <= this.#lastBroadcast)
      throw this.#broken(`after broadcast ${this.#lastBroadcast} comes`, frame);
    this.#lastBroadcast = Number(number);
    this.broadcasts += 1;
  }

  #reply(frame: string): void {
    const expected = this.#expected[this.replies];
    if (expected === "left" && /^left \d+$/.test(frame)) this.leftAt = Number(frame.slice(5));
    else if (frame !== expected) {
      const crossed = !frame.startsWith(`${this.tag} `);
      throw this.#broken(
        `${crossed ? "somebody else's frame" : "the wrong reply"} comes for`,
        `${expected} › ${frame}`,
      );
    }
    // Of what was answered, nothing is kept.
    this.#expected[this.replies] = "";
    this.replies += 1;
  }

  #broken(what: string, frame: string): Error {
    return new Error(`${this.service} ${this.tag}: ${what} ${JSON.stringify(frame.slice(0, 120))}`);
  }
}

function same(text: string): { text: string; replies: string[] } {
  return { text, replies: [text] };
}

import type { SampleFrame } from "./sample_frames.ts";

/** The facts known about a service from a quiet network, where its frames came one by one. */
export class Known {
  /** Whether replies can be decoded. */
  readable: boolean;
  /** Whether each frame had the same number of replies each time; and whether those were the same, too. */
  countable = true;
  repeatable = true;
  /** Whether connections get frames that answer none of theirs. */
  pushes = false;
  /** The number of frames that a connection begins with. */
  greetings: number | undefined;
  readonly #replies = new Map<number, readonly string[]>();
  readonly #closing = new Set<number>();
  readonly #inFlood = new Set<string>();
  /** The frames with a reply, by its text. */
  readonly #answers = new Map<string, Set<number>>();

  constructor(readable: boolean) {
    this.readable = readable;
  }

  /** Whether the place of a reply tells which frame it answers. */
  get placed(): boolean {
    return this.readable && this.countable && !this.pushes && this.#replies.size > 0;
  }

  /** Whether every frame has its own reply, the same each time. */
  get telling(): boolean {
    return this.placed && this.repeatable;
  }

  note(frame: SampleFrame, replies: readonly string[], closed: boolean): void {
    const index = frame.index as number;
    if (closed) this.#closing.add(index);
    const before = this.#replies.get(index);
    if (before === undefined) {
      this.#replies.set(index, replies);
      for (const text of replies) this.#answers.set(text, (this.#answers.get(text) ?? new Set()).add(index));
      return;
    }
    if (before.length !== replies.length) this.countable = false;
    else if (before.some((text, at) => text !== replies[at])) this.repeatable = false;
  }

  /** Notes a reply that a frame had in a flood: a refusal, perhaps. */
  noteInFlood(text: string): void {
    if (!this.#answers.has(text)) this.#inFlood.add(text);
  }

  /** Whether a text came in a flood only. */
  isOfFlood(text: string): boolean {
    return this.#inFlood.has(text);
  }

  noteGreeting(greeting: readonly string[]): void {
    if (this.greetings !== undefined && this.greetings !== greeting.length) this.countable = false;
    this.greetings ??= greeting.length;
  }

  /** Returns the replies to a frame, or `undefined` if the frame is not known. */
  repliesTo({ index }: SampleFrame): readonly string[] | undefined {
    return index === undefined ? undefined : this.#replies.get(index);
  }

  /** Whether the service closes the connection behind its reply to the frame. */
  closesBehind({ index }: SampleFrame): boolean {
    return index !== undefined && this.#closing.has(index);
  }

  /** Whether a text is the reply to some frame. */
  isReply(text: string): boolean {
    return this.#answers.has(text);
  }
}

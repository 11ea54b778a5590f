import { type Bytes, type Codec, type Connection, describe } from "../core/mod.ts";
import { Finding } from "./finding.ts";
import { shownBytes, shownFrame } from "./frame_text.ts";
import type { Known } from "./known_replies.ts";
import { type ReceivedFrame, ReplyReader } from "./reply_reader.ts";
import type { SampleFrame } from "./sample_frames.ts";
import type { SimulatedConnection } from "./simulated_connection.ts";
import type { Simulation } from "./simulation.ts";

/** The facts about a service that its clients know. */
export interface ClientFacts {
  readonly known: Known;
  /** The codec that decodes replies, if there is one. */
  readonly codec: Codec<unknown, never> | undefined;
  readonly check: ((request: unknown, reply: unknown) => void) | undefined;
}

/** A reply that must come, in its place. */
interface Expected {
  readonly frame: SampleFrame;
  /** The place of the frame among those of the connection, from 1. */
  readonly place: number;
  /** Its text, if it is known. */
  readonly text: string | undefined;
}

/** A client that does what its acts say, and reads all the time, unless they say otherwise. */
export class GeneratedClient {
  readonly number: number;
  /** The frames that it has sent. */
  readonly sent: SampleFrame[] = [];
  /** Whether it has sent nothing but whole frames so far; and only frames whose replies are known. */
  whole = true;
  #foreseen = true;
  /** Whether it has sent FIN; whether it has received FIN; and whether it was as slow, or as broken, as only bad peers are. */
  finished = false;
  ended = false;
  /** The connection, as the network sees it. */
  link: SimulatedConnection | undefined;
  bad = false;
  /** The fault of a reply that no frame gets on a quiet network. */
  strange: string | undefined;
  readonly #world: Simulation;
  readonly #facts: ClientFacts;
  readonly #expected: Expected[] = [];
  #received = 0;
  #connection: Connection | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** Calls that wait for the connection. */
  #waiting: (() => void)[] | undefined = [];
  #readsAt = 0;

  constructor(number: number, world: Simulation, facts: ClientFacts) {
    this.number = number;
    this.#world = world;
    this.#facts = facts;
  }

  /** Whether the replies to all its frames are known by number. */
  get foreseen(): boolean {
    return this.whole && this.#foreseen && this.#facts.known.placed;
  }

  /** The number of replies that must come, and of those that have come. */
  get expected(): number {
    return this.#expected.length;
  }

  get replies(): number {
    return Math.max(0, this.#received - (this.#facts.known.greetings ?? 0));
  }

  async connect(): Promise<void> {
    this.#say("connects");
    try {
      const connection = await this.#world.network.connectAs(this.number, this.#world.server.address);
      this.#world.onEnd(() => connection.abort());
      this.#connection = connection;
      this.link = this.#world.network.connectionFrom(connection.localAddress.port ?? 0);
      this.#writer = connection.writable.getWriter();
      this.#writer.closed.catch(() => undefined);
      for (const run of this.#waiting ?? []) run();
      this.#waiting = undefined;
      await this.#read(connection.readable.getReader());
      // As a well-behaved client does.
      if (!this.finished) this.finish();
    } catch (error) {
      this.#say(describe(error));
    }
  }

  send(frame: SampleFrame): void {
    this.#then(() => {
      this.sent.push(frame);
      this.#expect(frame);
      this.#write(frame.bytes, frame.shown);
    });
  }

  /** Sends bytes that are no frame, or the beginning of one: the service may refuse them, and end the connection. */
  sendBad(bytes: Uint8Array): void {
    this.#then(() => {
      this.whole = false;
      this.#write(bytes, `${shownBytes(bytes)}, no whole frame`);
    });
  }

  finish(): void {
    this.#then(() => {
      if (this.finished) return;
      this.finished = true;
      this.#say("sends FIN");
      this.#writer?.close().catch(() => undefined);
    });
  }

  reset(): void {
    this.#then(() => {
      this.bad = true;
      this.#say("resets the connection");
      this.#connection?.abort();
    });
  }

  /** Reads nothing for `ms` milliseconds. */
  readLate(ms: number): void {
    this.bad = true;
    this.#say(`reads nothing for ${ms} ms`);
    this.#readsAt = Math.max(this.#readsAt, this.#world.now + ms);
  }

  #then(run: () => void): void {
    if (this.#waiting === undefined) run();
    else this.#waiting.push(run);
  }

  #write(bytes: Uint8Array, shown: string): void {
    if (this.finished) return;
    this.#say(`sends ${shown}`);
    this.#writer?.write(bytes).catch(() => undefined);
  }

  #expect(frame: SampleFrame): void {
    const { known, check } = this.#facts;
    const place = this.sent.length;
    const replies = known.repliesTo(frame);
    if (replies === undefined) {
      // With `check`, each frame must have one reply.
      this.#foreseen &&= check !== undefined;
      if (this.#foreseen) this.#expected.push({ frame, place, text: undefined });
    } else if (this.#foreseen) {
      const { repeatable } = known;
      for (const text of replies) this.#expected.push({ frame, place, text: repeatable ? text : undefined });
      if (known.closesBehind(frame)) this.#foreseen = false;
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Bytes>): Promise<void> {
    const { codec, known } = this.#facts;
    const replies = codec && new ReplyReader(codec);
    for (;;) {
      const waitMs = this.#readsAt - this.#world.now;
      if (waitMs > 0) await new Promise<void>((resolve) => void this.#world.clock.setTimeout(resolve, waitMs));
      const { value } = await reader.read();
      if (value === undefined) {
        this.ended = true;
        return this.#say("receives FIN");
      }
      const frames = replies?.push(value) ?? [];
      if (replies === undefined) this.#say(`receives ${shownBytes(value)}`);
      for (const frame of frames) this.#onReply(frame);
      if (replies?.failure !== undefined && known.readable && this.whole && !this.#world.tap?.upgraded.size)
        return this.#fail(
          "frame-undecodable",
          `client ${this.number} cannot decode what it received: ${replies.failure}`,
        );
    }
  }

  #onReply(frame: ReceivedFrame): void {
    const { known, check } = this.#facts;
    this.#say(`receives ${frame.shown}`);
    this.#received += 1;
    if (!known.placed || !this.whole || this.#received <= (known.greetings ?? 0)) return;
    const expected = this.#expected[this.replies - 1];
    if (expected === undefined) return;
    if (expected.text !== undefined && expected.text !== frame.text) this.#onOther(expected, frame);
    else if (check !== undefined) this.#check(check, expected, frame);
  }

  /** A reply came that another frame should have got, or that no frame gets. */
  #onOther({ frame, place, text }: Expected, received: ReceivedFrame): void {
    const { known } = this.#facts;
    if (known.isOfFlood(received.text)) return;
    if (!known.isReply(received.text)) {
      // A fault reply may come in its place: judged when the end of the connection is known.
      if (this.#world.jumped === 0)
        this.strange ??= `client ${this.number} sent ${frame.shown} as its frame ${place} and received ${received.shown}; one by one, the reply is always ${shownText(text)}`;
      return;
    }
    const others = this.#expected.filter((other) => other.text === received.text);
    const earlier = others.find((other) => other.place < place);
    const later = others.find((other) => other.place > place);
    const whose =
      later !== undefined
        ? `which is the reply to its frame ${later.place}, ${later.frame.shown}`
        : earlier !== undefined
          ? `which is, again, the reply to its frame ${earlier.place}, ${earlier.frame.shown}`
          : "which is the reply to a frame of another connection";
    const kind = later === undefined && earlier !== undefined ? "reply-twice" : "reply-order";
    this.#fail(
      kind,
      `client ${this.number} sent ${frame.shown} as its frame ${place} and received ${received.shown}, ${whose}; one by one, the reply is always ${shownText(text)}`,
    );
  }

  #check(check: (request: unknown, reply: unknown) => void, { frame }: Expected, { value }: ReceivedFrame): void {
    try {
      check(frame.value, value);
    } catch (error) {
      this.#world.fail(
        new Finding(
          "check-failed",
          `client ${this.number} sent ${frame.shown} and received ${shownFrame(value)}: ${describe(error)}`,
          {
            cause: error,
          },
        ),
      );
    }
  }

  #fail(kind: "reply-order" | "reply-twice" | "frame-undecodable", message: string): void {
    this.#world.fail(new Finding(kind, message));
  }

  #say(text: string): void {
    // Sorted ahead of sends in the same tick: runtimes need different numbers of microtasks.
    const order = text.startsWith("receives") ? 0.5 : 0;
    this.#world.trace.add(-this.number - order, `client ${this.number} ${text}`);
  }
}

function shownText(text: string | undefined): string {
  return text !== undefined && text.length > 80 ? `${text.slice(0, 80)}…` : (text ?? "another");
}

import type { Connection, SpillwayError } from "../../src/core/mod.ts";
import type { Simulation } from "../../src/testing/simulation.ts";
import { Unframer } from "../support/framings.ts";
import { type Framing, garbage, PEER } from "./framing.ts";
import type { Head } from "./heads.ts";
import { answersTo, type Request, textOf, type Verb } from "./requests.ts";
import type { Act } from "./scenario.ts";

const SENDS: readonly string[] = ["send", "flood", "torrent", "part", "cut", "rest", "garbage"];

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** A frame that was sent. */
export interface Sent {
  /** `undefined`: garbage. */
  readonly request: Request | undefined;
  readonly answers: readonly string[] | undefined;
  /** Where it ends among all bytes that were sent. */
  readonly end: number;
}

/** The peer of one connection. Does what the scenario says, and notes what it sent and got. */
export class Client {
  readonly number: number;
  /** The head, before everything else; `undefined` where no step asks for it. */
  readonly head: Head | undefined;
  /** Whether the head was sent whole. */
  sentHead = false;
  /** The frames that were sent whole, in order. */
  readonly sent: Sent[] = [];
  /** The same, without garbage. */
  readonly requests: Sent[] = [];
  /** Frames that came. */
  readonly received: string[] = [];
  /** The port that it speaks from: 0 before it is connected. */
  port = 0;
  /** FIN was sent, behind whole frames only; the server's came. */
  finishedWhole = false;
  sawFin = false;
  /** The error that broke the connection. */
  error: SpillwayError | undefined;
  /** Told of each frame. */
  onFrame: (frame: string) => void = () => {};
  readonly #world: Simulation;
  #connection: Connection | undefined;
  /** Whether the head is sent, or waits for what is sent with it. */
  #ready = false;
  #headWaits = false;
  /** Sends nothing more. */
  #mute = false;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #sending: Framing = "lines";
  readonly #unframer = new Unframer(PEER.lines);
  /** Acts that wait until the client is connected. */
  #early: (() => void)[] = [];
  #bytes = 0;
  #count = 0;
  /** The second half of a frame, and the frame. */
  #part: { readonly rest: string; readonly request: Request } | undefined;
  #deaf: Promise<void> | undefined;
  #hear: (() => void) | undefined;
  /** So long it waits before it reads again. */
  #sipMs = 0;
  #answersFin = true;
  #finished = false;
  #gone = false;

  constructor(number: number, world: Simulation, head: Head | undefined) {
    this.number = number;
    this.head = head;
    this.#world = world;
    this.#bytes = this.headBytes;
    world.onEnd(() => this.#leave());
    world.network.connect(world.server.address).then(
      (connection) => this.#onConnected(connection),
      (error: SpillwayError) => this.#note(`not connected: ${error.code}`),
    );
  }

  /** The number of bytes of the head. */
  get headBytes(): number {
    return this.head?.text.length ?? 0;
  }

  do(act: Act): void {
    if (!this.#ready && !this.#gone) this.#early.push(() => this.do(act));
    else this.#do(act);
  }

  #do({ what, amount, verbs = [] }: Act): void {
    if ((this.#finished || this.#mute) && SENDS.includes(what)) return;
    switch (what) {
      case "send":
        this.#finishPart();
        return this.#write(verbs.map((verb) => this.#frame(this.#request(verb, amount))).join(""));
      case "flood":
        this.#finishPart();
        return this.#flood(amount % 400);
      case "torrent":
        this.#finishPart();
        return this.#pour(verbs[0] as Verb, amount);
      case "part":
        this.#finishPart();
        return this.#beginPart(this.#request(verbs[0] as Verb, amount), amount);
      case "cut":
        this.#finishPart();
        this.#beginPart(this.#request("echo", amount), amount);
        return this.#finish();
      case "rest":
        return this.#finishPart();
      case "garbage":
        this.#finishPart();
        return this.#writeGarbage(amount % 2 === 0 ? "large" : "invalid");
      case "deaf":
        this.#deaf ??= new Promise((resolve) => {
          this.#hear = resolve;
        });
        return;
      case "sip":
        this.#sipMs = [20, 200, 900, 4_000][amount % 4] as number;
        return;
      case "listen":
        return this.#listen();
      case "finish":
        return this.#finish();
      case "reset":
        return this.#connection?.abort();
      case "vanish":
        this.#answersFin = false;
    }
  }

  #request(verb: Verb, amount: number): Request {
    this.#count += 1;
    const numbers: Partial<Record<Verb, number>> = {
      wait: [0, 1, 20, 300, 8_000][amount % 5] as number,
      many: amount % 7,
      big: amount % 3 === 0 ? amount % 5_000 : amount % 90,
      push: amount % 9,
      block: [5, 300, 2_500, 20_000][amount % 4] as number,
      fail: amount % 10,
      pour: amount % 50,
    };
    const argument = numbers[verb] ?? (verb === "echo" ? "e".repeat(amount % 40) : `g${amount % 3}`);
    return { tag: `${this.number}.${this.#count}`, verb, argument: String(argument) };
  }

  /** Its bytes; it counts as sent. */
  #frame(request: Request): string {
    const bytes = PEER[this.#sending].frame(textOf(request));
    this.#bytes += bytes.length;
    this.#noteSent(request);
    return bytes;
  }

  #noteSent(request: Request | undefined): void {
    const sent = { request, answers: request === undefined ? [] : answersTo(request), end: this.#bytes };
    this.sent.push(sent);
    if (request !== undefined) this.requests.push(sent);
    if (request?.verb === "upgrade") this.#sending = "netstrings";
  }

  #flood(count: number): void {
    let bytes = "";
    for (let index = 0; index < count; index++) bytes += this.#frame(this.#request("echo", index));
    this.#write(bytes);
  }

  #pour(verb: Verb, count: number): void {
    if (verb === "pour") return this.#write(this.#frame({ ...this.#request(verb, 0), argument: String(count) }));
    const frames = Array.from({ length: count }, () => this.#frame(this.#request(verb, 0)));
    this.#write(frames.join(""));
  }

  #beginPart(request: Request, amount: number): void {
    const bytes = PEER[this.#sending].frame(textOf(request));
    const length = 1 + (amount % (bytes.length - 1));
    this.#part = { rest: bytes.slice(length), request };
    this.#bytes += length;
    this.#write(bytes.slice(0, length));
  }

  #finishPart(): void {
    if (this.#part === undefined) return;
    const { rest, request } = this.#part;
    this.#part = undefined;
    this.#bytes += rest.length;
    this.#noteSent(request);
    this.#write(rest);
  }

  #writeGarbage(kind: "large" | "invalid"): void {
    const bytes = garbage(this.#sending, kind);
    this.#bytes += bytes.length;
    this.#noteSent(undefined);
    this.#writeHead();
    void this.#attempt(() => this.#writer?.write(bytes));
  }

  #write(bytes: string): void {
    if (bytes.length === 0) return;
    const head = this.#headWaits ? (this.head?.text ?? "") : "";
    if (this.#headWaits) this.sentHead = true;
    this.#headWaits = false;
    void this.#attempt(() => this.#writer?.write(encoder.encode(head + bytes)));
  }

  /** Sends the head by itself, if it still waits. */
  #writeHead(): void {
    if (!this.#headWaits) return;
    this.#headWaits = false;
    this.sentHead = true;
    void this.#attempt(() => this.#writer?.write(encoder.encode(this.head?.text)));
  }

  /** Sends the head as it is to be sent, and then does what was to be done meanwhile. */
  async #begin({ pieces, then, together }: Head): Promise<void> {
    for (const { text, afterMs } of pieces) {
      if (afterMs > 0) await this.#pause(afterMs);
      if (this.#gone) return;
      this.#note(`sends ${text.length} of its head`);
      void this.#attempt(() => this.#writer?.write(encoder.encode(text)));
    }
    this.#headWaits = together;
    this.sentHead = then === "go on" && !together;
    if (then === "say nothing") this.#mute = true;
    if (then === "finish") this.#finish();
    if (then === "reset") this.#connection?.abort();
    this.#goOn();
  }

  #goOn(): void {
    this.#ready = true;
    for (const act of this.#early.splice(0)) act();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const whole = this.#part === undefined;
    void this.#attempt(async () => {
      await this.#writer?.close();
      this.finishedWhole = whole;
    });
  }

  #listen(): void {
    this.#hear?.();
    this.#deaf = this.#hear = undefined;
    this.#sipMs = 0;
  }

  #leave(): void {
    this.#gone = true;
    this.#listen();
    this.#connection?.abort();
  }

  #onConnected(connection: Connection): void {
    this.port = connection.localAddress.port as number;
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
    this.#note("connected");
    if (this.#gone) return this.#leave();
    void this.#read(connection.readable.getReader());
    if (this.head === undefined) this.#goOn();
    else void this.#begin(this.head);
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      for (;;) {
        if (this.#deaf !== undefined) await this.#deaf;
        if (this.#sipMs > 0) await this.#pause(this.#sipMs);
        const { done, value } = await reader.read();
        if (done) break;
        this.#decode(value);
      }
      this.sawFin = true;
      this.#note("got FIN");
      if (this.#answersFin) this.#finish();
    } catch (error) {
      this.error = error as SpillwayError;
      this.#note(`broken: ${this.error.code ?? String(error)}`);
    }
  }

  #decode(chunk: Uint8Array<ArrayBuffer>): void {
    this.#note(`got ${chunk.length}`);
    this.#unframer.push(decoder.decode(chunk), (frame) => {
      this.received.push(frame);
      this.onFrame(frame);
      if (frame.includes(" upgrade ") && !frame.startsWith("@")) this.#unframer.framing = PEER.netstrings;
    });
  }

  #note(text: string): void {
    this.#world.trace.add(-this.number, `client ${this.number} ${text}`);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.setTimeout(resolve, ms));
  }

  /** Ignores failure: output that is sent too late fails. */
  async #attempt(act: () => Promise<void> | undefined): Promise<void> {
    try {
      await act();
    } catch {
      // The received frames show the outcome.
    }
  }
}

import type { Bytes, Codec, Connection } from "../core/mod.ts";
import type { Known } from "./known_replies.ts";
import type { LinkConditions } from "./link_conditions.ts";
import { ReplyReader } from "./reply_reader.ts";
import type { SampleFrame } from "./sample_frames.ts";
import type { ServiceTap } from "./service_tap.ts";
import type { Simulation } from "./simulation.ts";

/** A network that neither delays nor cuts. */
export const QUIET: LinkConditions = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  bufferBytes: 16_777_216,
  cutting: "none",
};
/** A service that has said nothing for so long has said all. */
const QUIET_MS = 250;
const STEP_MS = 25;
const FLOODS = 3;
/** Connections that only listen, while another sends: the frames that they get are pushes. */
const LISTENERS = 2;

/** Tries frames one by one, on one connection after the other, and notes the replies. */
export class QuietVisit {
  readonly #world: Simulation;
  readonly #tap: ServiceTap;
  readonly #known: Known;
  readonly #codec: Codec<unknown, never> | undefined;

  constructor(world: Simulation, tap: ServiceTap, known: Known, codec: Codec<unknown, never> | undefined) {
    this.#world = world;
    this.#tap = tap;
    this.#known = known;
    this.#codec = codec;
  }

  /** Sends the frames in their order, in the opposite one, all at once, and once more one by one while others listen. */
  async run(frames: readonly SampleFrame[]): Promise<void> {
    await this.#pass(frames);
    await this.#pass(frames.toReversed());
    await this.#flood(frames);
    const listeners: QuietClient[] = [];
    for (let count = 0; count < LISTENERS; count++) listeners.push(await this.#connect());
    await this.#pass(frames);
    for (const listener of listeners) {
      if (listener.taken > 0) this.#known.pushes = true;
      await listener.end();
    }
    await this.#settle(undefined);
  }

  async #pass(frames: readonly SampleFrame[]): Promise<void> {
    let client = await this.#connect();
    for (const frame of frames) {
      if (client.over) client = await this.#connect();
      await client.send(frame.bytes);
      await this.#settle(client);
      this.#known.note(frame, client.take(), client.over);
      if (client.failed) this.#known.readable = false;
      if (this.#world.server.stats().groups > 0) this.#known.pushes = true;
    }
    await client.end();
    await this.#settle(client);
    if (client.take().length > 0) this.#known.countable = false;
  }

  /** Sends all frames at once, again and again: a service may refuse some of them then. */
  async #flood(frames: readonly SampleFrame[]): Promise<void> {
    const client = await this.#connect();
    for (let round = 0; round < FLOODS; round++) for (const { bytes } of frames) await client.send(bytes);
    await this.#settle(client);
    for (const text of client.take()) this.#known.noteInFlood(text);
    await client.end();
    await this.#settle(client);
  }

  async #connect(): Promise<QuietClient> {
    const connection = await this.#world.network.connect(this.#world.server.address);
    const client = new QuietClient(connection, this.#codec);
    this.#world.onEnd(() => connection.abort());
    await this.#settle(client);
    this.#known.noteGreeting(client.take());
    return client;
  }

  /** Waits until the service has finished, and nothing more comes. */
  async #settle(client: QuietClient | undefined): Promise<void> {
    let quietMs = 0;
    let seen = client?.bytes;
    while (quietMs < QUIET_MS && this.#world.failure === undefined) {
      await new Promise<void>((resolve) => void this.#world.clock.setTimeout(resolve, STEP_MS));
      const busy = this.#tap.working.size > 0 || seen !== client?.bytes;
      quietMs = busy ? 0 : quietMs + STEP_MS;
      seen = client?.bytes;
    }
  }
}

class QuietClient {
  /** Whether the server has ended the connection. */
  over = false;
  /** The number of received bytes, and of frames that were not taken. */
  bytes = 0;
  readonly #reader: ReplyReader | undefined;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #received: string[] = [];

  constructor(connection: Connection, codec: Codec<unknown, never> | undefined) {
    this.#reader = codec && new ReplyReader(codec);
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
    void this.#read(connection.readable.getReader());
  }

  get failed(): boolean {
    return this.#reader?.failure !== undefined;
  }

  get taken(): number {
    return this.#received.length;
  }

  take(): string[] {
    return this.#received.splice(0);
  }

  async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch {
      this.over = true;
    }
  }

  async end(): Promise<void> {
    try {
      await this.#writer.close();
    } catch {
      // The server was first.
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Bytes>): Promise<void> {
    try {
      for (;;) {
        const { value } = await reader.read();
        if (value === undefined) break;
        this.bytes += value.length;
        for (const { text } of this.#reader?.push(value) ?? []) this.#received.push(text);
      }
      await this.end();
    } catch {
      // The server has reset the connection.
    }
    this.over = true;
  }
}

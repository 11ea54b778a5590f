import { type Bus, type BusConnection, type BusContext, type Clock, SpillwayError } from "../core/mod.ts";

/** A message on its way from the broker to one connection. */
export interface MemoryBusMessage {
  /** Its topic. */
  readonly topic: number;
  /** Its content. */
  readonly bytes: Uint8Array;
  /** The number of the connection that has sent it, in the order in which they were made. */
  readonly from: number;
  /** The number of the connection that would get it. */
  readonly to: number;
}

/** Settings of {@link memoryBus}. */
export interface MemoryBusOptions {
  /** The time for a message to reach another connection. Default 1. */
  readonly latencyMs?: number;
  /** The limit of a message. Default 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** The bytes that may wait for a stalled connection, which is then cut. Default 1 MiB. */
  readonly maxQueuedBytes?: number;
  /** Returns whether a message is lost. Messages that are not lost keep their order. Default: none is. */
  readonly loses?: (message: MemoryBusMessage) => boolean;
  /** Whether a connection gets its own messages, as with Redis. Default true. */
  readonly echoes?: boolean;
}

/** A broker in memory, made by {@link memoryBus}. */
export interface MemoryBus extends Bus {
  /** The numbers of the open connections. */
  readonly connections: readonly number[];
  /** The number of messages that were published. */
  readonly published: number;
  /** The broker dies: every connection is lost with what is under way, and none can be made. */
  stop(): void;
  /** The broker is back. */
  start(): void;
  /** The broker answers nobody, and delivers nothing, until `resume()`. Nothing is lost. */
  hang(): void;
  /** The broker answers again. */
  resume(): void;
  /** Cuts one connection, with what is under way to it. */
  cut(connection: number): void;
  /** One connection takes nothing until `unstall`: its waiting messages are bounded by `maxQueuedBytes`. */
  stall(connection: number): void;
  /** The connection takes messages again. */
  unstall(connection: number): void;
}

/**
 * Returns a broker in memory, for tests: servers with this `bus` reach each other within the process. It can be lossy, slow, hung or dead.
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway/core";
 * import { memoryBus, memoryTransport } from "spillway/testing";
 *
 * const bus = memoryBus();
 * const service = { port: 0, codec: lines(), handler: (line: string) => line, bus };
 * const [one, other] = [await serve(memoryTransport(), service), await serve(memoryTransport(), service)];
 * console.log(one.bus?.origin !== other.bus?.origin); // true
 * await Promise.all([one.shutdown(), other.shutdown()]);
 * console.log(bus.connections.length); // 0
 * ```
 */
export function memoryBus(options: MemoryBusOptions = {}): MemoryBus {
  return new Broker(options);
}

class Broker implements MemoryBus {
  readonly name = "memory";
  published = 0;
  state: "up" | "hung" | "dead" = "up";
  readonly latencyMs: number;
  readonly maxPayloadBytes: number;
  readonly maxQueuedBytes: number;
  readonly #loses: (message: MemoryBusMessage) => boolean;
  readonly #echoes: boolean;
  readonly #open = new Map<number, End>();
  /** Calls that wait until the broker answers again. */
  #held: (() => void)[] = [];
  #last = -1;

  constructor({
    latencyMs = 1,
    maxPayloadBytes = 1_048_576,
    maxQueuedBytes = 1_048_576,
    loses = () => false,
    echoes = true,
  }: MemoryBusOptions) {
    this.latencyMs = latencyMs;
    this.maxPayloadBytes = maxPayloadBytes;
    this.maxQueuedBytes = maxQueuedBytes;
    this.#loses = loses;
    this.#echoes = echoes;
  }

  get connections(): readonly number[] {
    return [...this.#open.keys()];
  }

  connect(context: BusContext): Promise<BusConnection> {
    if (this.state === "dead") return Promise.reject(new SpillwayError("bus-connect-failed", "the broker is dead"));
    return this.answer(context.clock, () => {
      this.#last += 1;
      const end = new End(this.#last, this, context);
      this.#open.set(this.#last, end);
      return end;
    });
  }

  stop(): void {
    this.state = "dead";
    this.#held = [];
    for (const end of this.#open.values()) this.drop(end, "the broker is dead");
  }

  start(): void {
    this.state = "up";
  }

  hang(): void {
    this.state = "hung";
  }

  resume(): void {
    this.state = "up";
    for (const run of this.#held.splice(0)) run();
  }

  cut(connection: number): void {
    const end = this.#open.get(connection);
    if (end !== undefined) this.drop(end, "the connection was cut");
  }

  stall(connection: number): void {
    const end = this.#open.get(connection);
    if (end !== undefined) end.stalled = true;
  }

  unstall(connection: number): void {
    this.#open.get(connection)?.unstall();
  }

  forget(end: End): void {
    this.#open.delete(end.number);
  }

  drop(end: End, message: string): void {
    this.forget(end);
    end.lose(new SpillwayError("bus-disconnected", message));
  }

  /** Runs something when the broker gets to it, in order. */
  later(clock: Clock, run: () => void): void {
    const arrived = () => {
      if (this.state === "hung") this.#held.push(run);
      else if (this.state === "up") run();
    };
    clock.setTimeout(arrived, this.latencyMs / 2);
  }

  answer<Result>(clock: Clock, result: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.later(clock, () => {
        const made = result();
        clock.setTimeout(() => resolve(made), this.latencyMs / 2);
      });
    });
  }

  deliver(from: End, topic: number, bytes: Uint8Array): void {
    this.published += 1;
    for (const end of this.#open.values()) {
      if (!end.topics.has(topic) || (end === from && !this.#echoes)) continue;
      if (!this.#loses({ topic, bytes, from: from.number, to: end.number })) end.take(topic, bytes);
    }
  }
}

/** A server's connection to the broker. */
class End implements BusConnection {
  readonly number: number;
  readonly topics = new Set<number>();
  stalled = false;
  readonly maxPayloadBytes: number;
  readonly #broker: Broker;
  readonly #context: BusContext;
  #waiting: { topic: number; bytes: Uint8Array }[] = [];
  #waitingBytes = 0;
  #over = false;

  constructor(number: number, broker: Broker, context: BusContext) {
    this.number = number;
    this.maxPayloadBytes = broker.maxPayloadBytes;
    this.#broker = broker;
    this.#context = context;
  }

  publish(topic: number, bytes: Uint8Array): void {
    if (bytes.length > this.maxPayloadBytes) throw new RangeError("a message is too large");
    this.#broker.later(this.#context.clock, () => {
      if (!this.#over) this.#broker.deliver(this, topic, bytes);
    });
  }

  subscribe(topics: readonly number[]): Promise<void> {
    return this.#broker.answer(this.#context.clock, () => {
      for (const topic of topics) this.topics.add(topic);
    });
  }

  unsubscribe(topics: readonly number[]): void {
    this.#broker.later(this.#context.clock, () => {
      for (const topic of topics) this.topics.delete(topic);
    });
  }

  flush(): Promise<void> {
    return this.#broker.answer(this.#context.clock, () => undefined);
  }

  close(): void {
    // The broker gets what is under way to it, and then the end.
    const { clock } = this.#context;
    clock.setTimeout(() => {
      this.#over = true;
      this.#broker.forget(this);
    }, this.#broker.latencyMs / 2);
  }

  take(topic: number, bytes: Uint8Array): void {
    if (!this.stalled) return this.#pass(topic, bytes);
    this.#waiting.push({ topic, bytes });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > this.#broker.maxQueuedBytes) this.#broker.drop(this, "the connection was too slow");
  }

  unstall(): void {
    this.stalled = false;
    for (const { topic, bytes } of this.#waiting.splice(0)) this.#pass(topic, bytes);
    this.#waitingBytes = 0;
  }

  lose(error: SpillwayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    this.#context.clock.setTimeout(() => this.#context.onClosed(error), 0);
  }

  #pass(topic: number, bytes: Uint8Array): void {
    this.#context.clock.setTimeout(() => {
      if (!this.#over) this.#context.onMessage(topic, bytes);
    }, this.#broker.latencyMs / 2);
  }
}

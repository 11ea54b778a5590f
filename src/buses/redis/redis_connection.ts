import { Buffer } from "node:buffer";
import type { BusConnection, BusContext } from "../../core/mod.ts";
import { busError } from "../bus_error.ts";

/** A client of `@redis/client`, as far as it is used. */
interface RedisClient {
  connect(): Promise<unknown>;
  on(event: "error" | "end", listener: (cause?: unknown) => void): unknown;
  publish(channel: string, message: Buffer): Promise<unknown>;
  subscribe(channel: string, listener: (message: Buffer) => void, bufferMode: true): Promise<unknown>;
  unsubscribe(channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  destroy(): void;
}

interface RedisSettings {
  /** The channels of the topics. */
  readonly names: readonly string[];
  readonly maxPayloadBytes: number;
}

/** Two connections to Redis: one publishes, the other subscribes. When one is lost, both are. */
export class RedisConnection implements BusConnection {
  readonly maxPayloadBytes: number;
  readonly #publisher: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #names: readonly string[];
  readonly #context: BusContext;
  #opened = false;
  #over = false;

  constructor(publisher: RedisClient, subscriber: RedisClient, settings: RedisSettings, context: BusContext) {
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#names = settings.names;
    this.#context = context;
  }

  async open(): Promise<void> {
    const clients = [this.#publisher, this.#subscriber];
    // A server that hangs accepts connections, and does not greet.
    this.#context.signal.addEventListener("abort", () => this.close());
    for (const client of clients) {
      client.on("error", (cause) => this.#lose(cause));
      client.on("end", () => this.#lose(undefined));
    }
    // Both are awaited, or the failure of the second would be nobody's.
    const results = await Promise.allSettled(clients.map((client) => client.connect()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#opened = true;
  }

  publish(topic: number, bytes: Uint8Array): void {
    const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#publisher.publish(this.#names[topic] ?? "", message).catch((cause: unknown) => this.#lose(cause));
  }

  async subscribe(topics: readonly number[]): Promise<void> {
    // A listener for each: one for all would be told the channel as bytes.
    await Promise.all(
      topics.map((topic) =>
        this.#subscriber.subscribe(
          this.#names[topic] ?? "",
          (message) => {
            if (!this.#over) this.#context.onMessage(topic, message);
          },
          true,
        ),
      ),
    );
  }

  unsubscribe(topics: readonly number[]): void {
    const channels = topics.map((topic) => this.#names[topic] ?? "");
    this.#subscriber.unsubscribe(channels).catch((cause: unknown) => this.#lose(cause));
  }

  async flush(): Promise<void> {
    await Promise.all([this.#publisher.ping(), this.#subscriber.ping()]);
  }

  close(): void {
    this.#over = true;
    for (const client of [this.#publisher, this.#subscriber]) {
      try {
        client.destroy();
      } catch {
        // It was not open.
      }
    }
  }

  #lose(cause: unknown): void {
    // A failure to connect is that of `open`.
    if (this.#over || !this.#opened) return;
    this.close();
    this.#context.onClosed(busError("bus-disconnected", "the connection to Redis is lost", cause));
  }
}

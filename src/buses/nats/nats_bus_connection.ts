import type { BusConnection, BusContext } from "../../core/mod.ts";
import { busError } from "../bus_error.ts";

interface NatsMessage {
  readonly data: Uint8Array;
}

/** A connection of `@nats-io/transport-node`, as far as it is used. */
interface NatsConnection {
  readonly info?: { readonly max_payload: number } | undefined;
  publish(subject: string, data: Uint8Array): void;
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): { unsubscribe(): void };
  flush(): Promise<void>;
  close(): Promise<void>;
  closed(): Promise<undefined | void | Error>;
}

/** The limit of NATS, unless its server says another. */
const USUAL_PAYLOAD_BYTES = 1_048_576;

/** A connection to NATS. */
export class NatsBusConnection implements BusConnection {
  readonly maxPayloadBytes: number;
  readonly #connection: NatsConnection;
  readonly #names: readonly string[];
  readonly #context: BusContext;
  readonly #subscriptions = new Map<number, { unsubscribe(): void }>();
  #over = false;

  constructor(connection: NatsConnection, names: readonly string[], context: BusContext) {
    this.maxPayloadBytes = connection.info?.max_payload ?? USUAL_PAYLOAD_BYTES;
    this.#connection = connection;
    this.#names = names;
    this.#context = context;
    const onClosed = (cause: unknown) => this.#lose(cause);
    connection.closed().then(onClosed, onClosed);
  }

  publish(topic: number, bytes: Uint8Array): void {
    this.#connection.publish(this.#names[topic] ?? "", bytes);
  }

  subscribe(topics: readonly number[]): Promise<void> {
    for (const topic of topics) {
      const callback = (error: Error | null, { data }: NatsMessage) => {
        if (error !== null) this.#lose(error);
        else if (!this.#over) this.#context.onMessage(topic, data);
      };
      this.#subscriptions.set(topic, this.#connection.subscribe(this.#names[topic] ?? "", { callback }));
    }
    return this.#connection.flush();
  }

  unsubscribe(topics: readonly number[]): void {
    for (const topic of topics) {
      this.#subscriptions.get(topic)?.unsubscribe();
      this.#subscriptions.delete(topic);
    }
  }

  flush(): Promise<void> {
    return this.#connection.flush();
  }

  close(): void {
    this.#over = true;
    this.#connection.close().catch(() => undefined);
  }

  #lose(cause: unknown): void {
    if (this.#over) return;
    this.close();
    this.#context.onClosed(busError("bus-disconnected", "the connection to NATS is lost", cause ?? undefined));
  }
}

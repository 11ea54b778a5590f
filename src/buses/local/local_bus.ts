import type { Connection, OptionNames } from "../../core/mod.ts";
import { type Bus, type BusConnection, type BusContext, checkOptions, type Decoder } from "../../core/mod.ts";
import { busError } from "../bus_error.ts";
import { hubCodec, KIND, PUBLISH_HEADER_BYTES, topicAt, topicsFrame } from "./hub_protocol.ts";

/** Settings of {@link localBus}. */
export interface LocalBusOptions {
  /** The path of the hub's Unix socket. */
  readonly path: string;
}

const OPTIONS: OptionNames<LocalBusOptions> = { path: true };
/** A hub may have larger limits than ours. */
const MOST_BYTES = 1_073_741_824;
const LENGTH_BYTES = 4;

/**
 * Returns a bus between the processes of one machine: they reach each other through a {@link localBusHub}, over a Unix socket. The hub may
 * be started later, and again.
 *
 * @throws {TypeError} an invalid option
 *
 * @example
 * ```ts
 * import { defineService, lines } from "spillway";
 * import { localBus } from "spillway/buses/local";
 *
 * export default defineService({
 *   codec: lines(),
 *   bus: localBus({ path: "/run/chat/bus.sock" }),
 *   onConnect: (session) => session.join("everyone"),
 *   handler: (line, { session }) => void session.group("everyone").broadcast(line, { except: session }),
 * });
 * ```
 */
export function localBus(options: LocalBusOptions): Bus {
  checkOptions(options, OPTIONS);
  const { path } = options;
  if (typeof path !== "string" || path === "") throw new TypeError("path must be the path of a hub");
  return { name: "local", connect: (context) => connect(path, context) };
}

async function connect(path: string, context: BusContext): Promise<BusConnection> {
  let connection: Connection;
  try {
    connection = await context.transport.connect({ path });
  } catch (cause) {
    throw busError("bus-connect-failed", `no hub answers at ${path}`, cause);
  }
  const local = new LocalConnection(path, connection, context);
  context.signal.addEventListener("abort", () => local.close());
  await local.greeted;
  return local;
}

/** A frame that the hub answers. */
interface Asked {
  resolve(): void;
  reject(error: unknown): void;
}

class LocalConnection implements BusConnection {
  maxPayloadBytes = 0;
  /** Fulfils when the hub has said its limits. */
  readonly greeted: Promise<void>;
  readonly #path: string;
  readonly #connection: Connection;
  readonly #context: BusContext;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #out: Uint8Array[] = [];
  #outBytes = 0;
  /** The frames that wait for answers, which come in their order. */
  #asked: Asked[] = [];
  #over = false;

  constructor(path: string, connection: Connection, context: BusContext) {
    this.#path = path;
    this.#connection = connection;
    this.#context = context;
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch((cause: unknown) => this.#lose(cause));
    this.greeted = this.#answer();
    void this.#read(hubCodec(MOST_BYTES).decoder());
  }

  publish(topic: number, bytes: Uint8Array): void {
    const header = new Uint8Array(LENGTH_BYTES + PUBLISH_HEADER_BYTES);
    new DataView(header.buffer).setUint32(0, PUBLISH_HEADER_BYTES + bytes.length);
    header[LENGTH_BYTES] = KIND.publish;
    header[LENGTH_BYTES + 1] = topic >> 8;
    header[LENGTH_BYTES + 2] = topic & 0xff;
    this.#write(header);
    this.#write(bytes);
  }

  subscribe(topics: readonly number[]): Promise<void> {
    this.#send(topicsFrame(KIND.subscribe, topics));
    return this.#answer();
  }

  unsubscribe(topics: readonly number[]): void {
    this.#send(topicsFrame(KIND.unsubscribe, topics));
  }

  flush(): Promise<void> {
    this.#send(Uint8Array.of(KIND.flush));
    return this.#answer();
  }

  close(): void {
    if (this.#over) return;
    this.#end(undefined);
    // Frames that were written leave first; nobody waits for that.
    this.#flushOut();
    this.#writer.close().catch(() => undefined);
    void this.#connection.close().catch(() => undefined);
  }

  #answer(): Promise<void> {
    if (this.#over)
      return Promise.reject(busError("bus-disconnected", "the connection to the hub is closed", undefined));
    return new Promise((resolve, reject) => this.#asked.push({ resolve, reject }));
  }

  #send(frame: Uint8Array): void {
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, frame.length);
    this.#write(length);
    this.#write(frame);
  }

  /** Gathers the frames of one tick into one write. */
  #write(bytes: Uint8Array): void {
    if (this.#out.push(bytes) === 1) queueMicrotask(() => this.#flushOut());
    this.#outBytes += bytes.length;
  }

  #flushOut(): void {
    if (this.#out.length === 0) return;
    const chunk = new Uint8Array(this.#outBytes);
    let at = 0;
    for (const bytes of this.#out) {
      chunk.set(bytes, at);
      at += bytes.length;
    }
    this.#out = [];
    this.#outBytes = 0;
    // A failure shows in `closed`, too. The server bounds the bytes in flight.
    this.#writer.write(chunk).catch(() => undefined);
  }

  async #read(decoder: Decoder<Uint8Array>): Promise<void> {
    const reader = this.#connection.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return this.#lose(undefined);
        decoder.push(value);
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) this.#onFrame(frame);
      }
    } catch (cause) {
      this.#lose(cause);
    }
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#over) return;
    const kind = frame[0];
    if (kind === KIND.publish) {
      this.#context.onMessage(topicAt(frame, 1), frame.subarray(PUBLISH_HEADER_BYTES));
      return;
    }
    if (kind === KIND.hello) {
      this.maxPayloadBytes = new DataView(frame.buffer, frame.byteOffset, frame.length).getUint32(1);
    }
    this.#asked.shift()?.resolve();
  }

  #lose(cause: unknown): void {
    if (this.#over) return;
    const what = `the connection to the hub at ${this.#path} is lost`;
    const error = busError("bus-disconnected", what, cause);
    this.#end(error);
    this.#connection.abort();
    this.#context.onClosed(error);
  }

  #end(error: unknown): void {
    this.#over = true;
    const closed = error ?? busError("bus-disconnected", "the connection to the hub is closed", undefined);
    for (const asked of this.#asked.splice(0)) asked.reject(closed);
  }
}

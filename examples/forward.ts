// A TCP proxy: each connection is forwarded to another address, byte for byte, in both directions.
//   FORWARD_TO=127.0.0.1:8080 deno run -A src/main.ts serve ./examples/forward.ts --port 9000
//
// - Backpressure: a chunk is read from one side when the other side has taken the one before.
// - Half-close: the end of what one side sends is the end of what the other side gets. The opposite direction goes on.
// - Resets: where one side breaks off, so does the other, and what was cut off does not look whole. On Deno a reset can reach the other
//   side as FIN (see docs/slow_peers.md): there an upload that was cut off can look whole.
// - Drain: nothing more is taken from the client. What the destination still answers is delivered.
// - Limits and deadlines: those of every service, and the three below.
import process from "node:process";
import { type Bytes, type Connection, type Service, type Session, SpillwayError, transport } from "spillway";
import { bytes, type Payload } from "spillway/codecs";

/** Where to, and how long to wait for whom. */
export interface ForwardOptions {
  readonly hostname: string;
  readonly port: number;
  /** For the destination to accept. Default 10000. */
  readonly connectTimeoutMs?: number;
  /** For one side to take a chunk; for the destination to go on when the client has sent all. Default 60000. */
  readonly stallTimeoutMs?: number;
  /** For either side to send anything. Default 300000. */
  readonly idleTimeoutMs?: number;
}

/** What is kept for a connection: its tunnel, once the destination has accepted. */
interface Forwarded {
  tunnel?: Tunnel;
}

/** A service that forwards every connection. */
export function forward(options: ForwardOptions): Service<Bytes, Payload, Forwarded> {
  const { stallTimeoutMs = 60_000, idleTimeoutMs = 300_000 } = options;
  return {
    codec: bytes(),
    state: () => ({}),
    onConnect: async (session) => {
      resetOnFault(session);
      const tunnel = new Tunnel(session, await dial(options));
      if (session.draining.aborted) return tunnel.release();
      session.state.tunnel = tunnel;
      void tunnel.deliver();
    },
    handler: (chunk, { session }) => session.state.tunnel?.write(chunk),
    onEnd: ({ state }) => state.tunnel?.end(),
    onDrain: async (session) => {
      for await (const chunk of session.state.tunnel?.end() ?? []) {
        session.send(chunk);
        await session.flushed();
      }
    },
    onDisconnect: ({ state }) => state.tunnel?.release(),
    idleTimeoutMs,
    handlerTimeoutMs: stallTimeoutMs,
    writeTimeoutMs: stallTimeoutMs,
  };
}

export default forward(destination(process.env["FORWARD_TO"] ?? "127.0.0.1:8080"));

/** One client and its destination. */
class Tunnel {
  readonly #session: Session<Payload, Forwarded>;
  readonly #there: Connection;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** The read in progress, or its result, until that is taken. */
  #reading: Promise<ReadableStreamReadResult<Bytes>> | undefined;
  /** The client sends no more: what comes from there is asked for, and not delivered unasked. */
  #ended = false;

  constructor(session: Session<Payload, Forwarded>, there: Connection) {
    this.#session = session;
    this.#there = there;
    this.#reader = there.readable.getReader();
    this.#writer = there.writable.getWriter();
  }

  /** From the client to the destination. Fulfils when the chunk is taken. */
  write(chunk: Bytes): Promise<void> {
    return this.#writer.write(chunk);
  }

  /** From the destination to the client, while the client may still send. Does not reject. */
  async deliver(): Promise<void> {
    try {
      for (let open = true; open; open = await this.#session.flushed()) {
        const { done, value } = await this.#read();
        if (this.#ended) return;
        this.#reading = undefined;
        if (done) return this.#session.closeWrite();
        this.#session.send(value);
      }
    } catch {
      this.#session.abort();
    }
  }

  /** The client has sent all: so says this to the destination, and gives what still comes from there. */
  async *end(): AsyncGenerator<Bytes> {
    this.#ended = true;
    await this.#writer.close();
    for (;;) {
      const { done, value } = await this.#read();
      this.#reading = undefined;
      if (done) return;
      yield value;
    }
  }

  /** The client is gone. After an orderly end in both directions there is nothing left to break off. */
  release(): void {
    this.#there.abort();
  }

  #read(): Promise<ReadableStreamReadResult<Bytes>> {
    this.#reading ??= this.#reader.read();
    return this.#reading;
  }
}

async function dial({ hostname, port, connectTimeoutMs = 10_000 }: ForwardOptions): Promise<Connection> {
  return transport.connect({ hostname, port, signal: AbortSignal.timeout(connectTimeoutMs) });
}

/** There are no words for a fault here. An orderly end would say that what was sent before it is all. */
function resetOnFault(session: Session<Payload, Forwarded>): void {
  const { draining } = session;
  const orderly = ["remote-closed", "drained", "idle-timeout", "lifetime-reached"];
  draining.addEventListener("abort", () => {
    if (draining.reason instanceof SpillwayError && !orderly.includes(draining.reason.code)) session.abort();
  });
}

/** `host:port`; an IPv6 address in brackets. */
function destination(text: string): ForwardOptions {
  const [, hostname = "", port = ""] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? [];
  if (hostname === "") throw new TypeError(`FORWARD_TO must be host:port, not ${text}`);
  return { hostname, port: Number(port) };
}

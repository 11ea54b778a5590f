// A TCP proxy: each connection is forwarded to another address, byte for byte, in both directions.
//   FORWARD_TO=127.0.0.1:8080 deno run -A src/main.ts serve ./examples/forward.ts --port 9000
//
// - Backpressure: a chunk is read from one side when the other side has accepted the previous one.
// - Half-close: FIN from one side is passed on to the other side. The opposite direction stays open.
// - Resets: a reset from one side resets the other side, so that truncated data does not look complete. On Deno a reset can reach
//   the other side as FIN (see docs/slow_peers.md), and a truncated upload can look complete.
// - Drain: no more input is read from the client. The remaining output of the destination is delivered.
// - Limits and deadlines: those of every service, and the three in ForwardOptions.
import process from "node:process";
import {
  type Bytes,
  type Connection,
  transport as runtimeTransport,
  type Service,
  type Session,
  SpillwayError,
  type Transport,
} from "spillway";
import { bytes, type Payload } from "spillway/codecs";
import { serve } from "spillway/core";
import type { ServiceSimulation } from "spillway/testing";

/** The destination, and its timeouts. */
export interface ForwardOptions {
  readonly hostname: string;
  readonly port: number;
  /** Time for the destination to accept. Default 10000. */
  readonly connectTimeoutMs?: number;
  /** Time for a side to accept a chunk, and for the destination to continue after the client's FIN. Default 60000. */
  readonly stallTimeoutMs?: number;
  /** Time without a byte from either side. Default 300000. */
  readonly idleTimeoutMs?: number;
  /** The network to connect on. Default: that of the runtime. */
  readonly transport?: Transport;
}

/** The state of a connection: its tunnel, once the destination has accepted. */
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
      // In a grace, the tunnel stays open until the drain.
      await untilDraining(session);
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

/** For `spillway simulate`: the destination is an echo on the simulated network. */
export const simulate: ServiceSimulation = {
  service: async ({ clock, network }) => {
    const server = await serve(network, { port: 0, codec: bytes(), handler: (chunk) => chunk, clock });
    return forward({ ...server.address, transport: network });
  },
};

/** One client and its destination. */
class Tunnel {
  readonly #session: Session<Payload, Forwarded>;
  readonly #there: Connection;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** The read in progress, or its result until that is used. */
  #reading: Promise<ReadableStreamReadResult<Bytes>> | undefined;
  /** The client has sent FIN. From then on `end` reads from the destination, instead of `deliver`. */
  #ended = false;

  constructor(session: Session<Payload, Forwarded>, there: Connection) {
    this.#session = session;
    this.#there = there;
    this.#reader = there.readable.getReader();
    this.#writer = there.writable.getWriter();
  }

  /** Sends a chunk from the client to the destination. Fulfils when the chunk is accepted. */
  write(chunk: Bytes): Promise<void> {
    return this.#writer.write(chunk);
  }

  /** Delivers chunks from the destination to the client until the client's FIN. Does not reject. */
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

  /** Passes the client's FIN on to the destination, and yields the remaining output of the destination. */
  async *end(): AsyncGenerator<Bytes> {
    // A drain may begin behind the client's FIN.
    if (this.#ended) return;
    this.#ended = true;
    await this.#writer.close();
    for (;;) {
      const { done, value } = await this.#read();
      this.#reading = undefined;
      if (done) return;
      yield value;
    }
  }

  /** Aborts the connection to the destination. Has no effect after an orderly end in both directions. */
  release(): void {
    this.#there.abort();
  }

  #read(): Promise<ReadableStreamReadResult<Bytes>> {
    this.#reading ??= this.#reader.read();
    return this.#reading;
  }
}

async function dial(options: ForwardOptions): Promise<Connection> {
  const { hostname, port, connectTimeoutMs = 10_000, transport = runtimeTransport } = options;
  return transport.connect({ hostname, port, signal: AbortSignal.timeout(connectTimeoutMs) });
}

function untilDraining({ draining }: Session<Payload>): Promise<unknown> {
  if (draining.aborted) return Promise.resolve();
  return new Promise((resolve) => draining.addEventListener("abort", resolve));
}

/** Resets the client's connection on a fault: an orderly end would mark truncated output as complete. */
function resetOnFault(session: Session<Payload, Forwarded>): void {
  const { draining } = session;
  const orderly = ["remote-closed", "drained", "idle-timeout", "lifetime-reached"];
  draining.addEventListener("abort", () => {
    if (draining.reason instanceof SpillwayError && !orderly.includes(draining.reason.code)) session.abort();
  });
}

/** Parses `host:port`, with an IPv6 address in brackets. */
function destination(text: string): ForwardOptions {
  const [, hostname = "", port = ""] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? [];
  if (hostname === "") throw new TypeError(`FORWARD_TO must be host:port, not ${text}`);
  return { hostname, port: Number(port) };
}

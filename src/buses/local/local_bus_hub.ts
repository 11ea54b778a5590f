import {
  checkOptions,
  checkWhole,
  type Observer,
  type OptionNames,
  type ServerStats,
  type Session,
  SpillwayError,
  serve,
  type Transport,
} from "../../core/mod.ts";
import { hubCodec, KIND, PUBLISH_HEADER_BYTES, topicAt, topicsOf } from "./hub_protocol.ts";

/** Settings of {@link localBusHub}. */
export interface LocalBusHubOptions {
  /** The path of the Unix socket. A dead socket at this path is replaced, a live one and any other file are not. */
  readonly path: string;
  /** The transport to listen on: `transport` of `spillway`. */
  readonly transport: Transport;
  /** The permissions of the socket. Default 0o600: processes of the same user. */
  readonly mode?: number;
  /** The limit of a message. A whole number; default 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** The bytes that may wait for one server, which is then cut off as slow: it connects again, and has one gap. Default 16 MiB. */
  readonly maxQueuedBytes?: number;
  /** A function that gets the events of the hub, which is a server. Default: errors are written with `console.error`. */
  readonly observer?: Observer | readonly Observer[];
}

/** A running hub. */
export interface LocalBusHub extends AsyncDisposable {
  /** The path of its socket. */
  readonly path: string;
  /** Returns the counts of the hub as a server: `connections` is the number of servers. */
  stats(): ServerStats;
  /** Ends the hub, and with it the connections of its servers. */
  close(): Promise<void>;
}

const OPTIONS: OptionNames<LocalBusHubOptions> = {
  path: true,
  transport: true,
  mode: true,
  maxPayloadBytes: true,
  maxQueuedBytes: true,
  observer: true,
};

/** A group has a name, and the hub one for each topic. */
const NAMES: readonly string[] = Array.from({ length: 65_536 }, (_, topic) => `${topic}`);
const DONE: Readonly<Record<number, Uint8Array>> = {
  [KIND.subscribe]: Uint8Array.of(KIND.subscribe),
  [KIND.flush]: Uint8Array.of(KIND.flush),
};

/**
 * Starts the hub of a {@link localBus}: a server on a Unix socket that hands messages on between the processes of one machine. A
 * supervisor runs it beside its workers.
 *
 * - **Bounded**: a server that takes nothing is cut off when more than `maxQueuedBytes` wait for it.
 * - A sender never waits for a receiver.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `address-in-use`: another hub listens there; `permission-denied`, `listen-failed`
 *
 * @example
 * ```ts
 * import { lines, serve, transport } from "spillway";
 * import { localBus, localBusHub } from "spillway/buses/local";
 *
 * const path = `/tmp/spillway-${crypto.randomUUID()}.sock`;
 * await using hub = await localBusHub({ path, transport });
 * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line, bus: localBus({ path }) });
 * console.log(hub.path === path, server.bus?.name); // true local
 * ```
 */
export async function localBusHub(options: LocalBusHubOptions): Promise<LocalBusHub> {
  checkOptions(options, OPTIONS);
  const { path, transport, mode = 0o600, maxPayloadBytes = 1_048_576, maxQueuedBytes = 16_777_216 } = options;
  const { observer } = options;
  checkWhole("maxPayloadBytes", maxPayloadBytes, 1_024);
  checkWhole("maxQueuedBytes", maxQueuedBytes, 1_024);
  if (typeof transport?.listen !== "function") throw new TypeError("transport must be a transport, as of spillway");
  const server = await serve<Uint8Array, Uint8Array>(transport, {
    path,
    mode,
    codec: hubCodec(maxPayloadBytes),
    onConnect: () => hello(maxPayloadBytes),
    handler: (frame, { session }) => handle(frame, session),
    slowConsumer: "reset",
    maxOutboundBytes: maxQueuedBytes,
    maxOutboundFrames: Infinity,
    maxTotalOutboundBytes: Infinity,
    idleTimeoutMs: Infinity,
    ...(observer !== undefined && { observer }),
  });
  const close = async () => {
    await server.shutdown({ timeoutMs: 1 });
  };
  return { path, stats: () => server.stats(), close, [Symbol.asyncDispose]: close };
}

function hello(maxPayloadBytes: number): Uint8Array {
  const frame = new Uint8Array(5);
  frame[0] = KIND.hello;
  new DataView(frame.buffer).setUint32(1, maxPayloadBytes);
  return frame;
}

function handle(frame: Uint8Array, session: Session<Uint8Array>): Uint8Array | undefined {
  const kind = frame[0];
  switch (kind) {
    case KIND.publish:
      if (frame.length < PUBLISH_HEADER_BYTES) break;
      session.group(NAMES[topicAt(frame, 1)] ?? "").broadcast(frame, { except: session });
      return undefined;
    case KIND.subscribe:
      for (const topic of topicsOf(frame)) session.join(NAMES[topic] ?? "");
      return DONE[kind];
    case KIND.unsubscribe:
      for (const topic of topicsOf(frame)) session.leave(NAMES[topic] ?? "");
      return undefined;
    case KIND.flush:
      return DONE[kind];
    default:
  }
  throw new SpillwayError("frame-invalid", `no frame of a server: its kind is ${kind}`);
}

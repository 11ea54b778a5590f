import {
  afterRound,
  type Bytes,
  type Clock,
  type Connection,
  checkNumber,
  checkOptions,
  type EstablishStep,
  identify,
  type OptionNames,
  readHead,
  SpillwayError,
  systemClock,
} from "../core/mod.ts";
import type { ProxyErrorCode } from "./errors.ts";
import { lengthOfHeader, type ProxyHeaderLimits, readHeader, resolveHeaderLimits } from "./parse_header.ts";
import { TrustedPeers } from "./trusted_peers.ts";

const OPTIONS: OptionNames<ProxyProtocolOptions> = {
  from: true,
  versions: true,
  maxHeaderBytes: true,
  headerTimeoutMs: true,
  clock: true,
};

/** The most bytes that a step can read as a head. */
const MAX_HEAD_BYTES = 65_536;
const DEFAULT_HEADER_TIMEOUT_MS = 5_000;
/** The longest delay of the timers of every runtime. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Settings of {@link proxyProtocol}. */
export interface ProxyProtocolOptions extends ProxyHeaderLimits {
  /**
   * The proxies: numeric addresses, ranges such as `10.0.0.0/8`, and `"unix"` for all connections through Unix domain
   * sockets. From these, a header is required. From all others, nothing is read.
   */
  readonly from: string | readonly string[];
  /**
   * The time for the whole header to come: `proxy-timeout`. Default 5000. `Infinity` leaves the deadline of the stage
   * (`establishTimeoutMs`).
   */
  readonly headerTimeoutMs?: number;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * Returns an establish step that reads the PROXY header with which trusted proxies begin their connections. After it,
 * `remoteAddress` is the address of the original peer, `localAddress` the one to which that peer connected, and `proxy`
 * holds the rest. If the header names no addresses (`LOCAL`, `UNKNOWN`, `UNSPEC`), those of the connection stay.
 *
 * A connection from an address that `from` does not name passes unchanged and at once, and its bytes are never taken
 * for a header. The bytes behind the header belong to the next step or to the session.
 *
 * The step refuses a connection with these codes:
 *
 * | code | meaning |
 * |---|---|
 * | `proxy-invalid` | the connection does not begin with a valid header of an accepted version |
 * | `proxy-timeout` | the header did not come within `headerTimeoutMs` |
 * | `unexpected-eof` | the connection ended before the end of the header |
 * | `connection-reset` | it was reset so early that its address is unknown |
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { connect, lines, serve } from "spillway";
 * import { proxyProtocol } from "spillway/proxy-protocol";
 *
 * await using server = await serve({
 *   hostname: "127.0.0.1",
 *   port: 0,
 *   codec: lines(),
 *   establish: [proxyProtocol({ from: ["127.0.0.1", "10.0.0.0/8"] })],
 *   handler: (line, { session }) => `${line}, ${session.connection.remoteAddress.hostname}`,
 * });
 *
 * // The proxy announces its client, and passes on what that sends. A header of version 1 is a line.
 * await using proxy = await connect({ ...server.address, codec: lines() });
 * proxy.send("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r");
 * console.log(await proxy.request("hello")); // hello, 192.0.2.1
 * ```
 */
export function proxyProtocol(options: ProxyProtocolOptions): EstablishStep {
  checkOptions(options, OPTIONS);
  const { from, headerTimeoutMs = DEFAULT_HEADER_TIMEOUT_MS, clock = systemClock } = options;
  const peers = new TrustedPeers("from", from);
  const limits = resolveHeaderLimits(options);
  const maxHeaderBytes = Math.min(limits.maxHeaderBytes, MAX_HEAD_BYTES);
  checkDelay("headerTimeoutMs", headerTimeoutMs);
  const lengthOf = (bytes: Bytes): number | undefined => lengthOfHeader(bytes, { ...limits, maxHeaderBytes });
  const read = async (connection: Connection, signal: AbortSignal): Promise<Connection> => {
    const bytes = await inTime(signal, headerTimeoutMs, clock, (either) => readHead(connection, lengthOf, either));
    return announced(connection, bytes);
  };
  return (connection, { signal }) => {
    const { remoteAddress } = connection;
    if (peers.has(remoteAddress)) return read(connection, signal);
    if (remoteAddress.hostname !== "") return connection;
    // The system has forgotten the address, so it may have been a proxy's: its bytes must not be served.
    throw new SpillwayError("connection-reset", "the connection was reset before it was accepted");
  };
}

/** Gives a connection the identity that a header announces. */
function announced(connection: Connection, bytes: Bytes): Connection {
  const { source, destination, ...facts } = readHeader(bytes);
  const proxy = { ...facts, from: connection.remoteAddress };
  if (source === undefined || destination === undefined) return identify(connection, { proxy });
  return identify(connection, { remoteAddress: source, localAddress: destination, proxy });
}

/** Calls `read` with a signal that aborts with `signal`, and after `ms` milliseconds as `proxy-timeout`. */
async function inTime<Value>(
  signal: AbortSignal,
  ms: number,
  clock: Clock,
  read: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  if (ms === Infinity) return read(signal);
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  const onLate = (): void => {
    controller.abort(new SpillwayError<ProxyErrorCode>("proxy-timeout", `no PROXY header within ${ms} ms`));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  // After a pause of the whole process timers fire before the input that came in time is read.
  const timer = clock.setTimeout(() => afterRound(clock, onLate), ms);
  try {
    return await read(controller.signal);
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function checkDelay(name: string, value: number): void {
  checkNumber(name, value);
  if (value > 0 && (value <= MAX_DELAY_MS || value === Infinity)) return;
  throw new RangeError(`${name} must be more than 0 and at most ${MAX_DELAY_MS} ms, or Infinity, not ${value}`);
}

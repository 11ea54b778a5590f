import {
  type Address,
  checkWhole,
  type HeldSocket,
  type ListenOptions,
  type SpillwayError,
  type Transport,
} from "../core/mod.ts";
import { Link } from "./link.ts";
import { MemoryNetwork } from "./memory_network.ts";

const DEFAULT_LINK_BYTES = 65_536;

/** Settings of {@link memoryTransport}. */
export interface MemoryTransportOptions {
  /**
   * The most bytes that each direction of a connection holds between its two ends; a writer waits while the link is full. A
   * whole number of at least 1; default 65536.
   */
  readonly maxLinkBytes?: number;
}

/** A network of one host, in memory. Made by {@link memoryTransport}. */
export interface MemoryTransport extends Transport {
  /**
   * Binds a socket that any number of listeners share, as the processes of a cluster do: each listens on the `fd` of the
   * {@link HeldSocket}. The socket is gone when all of them and the holder have closed it.
   *
   * @throws as `listen`
   */
  hold(options: ListenOptions): Promise<HeldSocket>;
  /**
   * Makes the next accept of the listener at `address` fail with `error`, ahead of the connections that wait there.
   * Several calls queue up.
   *
   * @throws {SpillwayError} `connection-refused` when nothing listens there
   */
  failAccept(address: Address, error: SpillwayError): void;
}

/**
 * Returns a transport that needs only memory, no network: the reference that the transports of the runtimes are compared with.
 *
 * Each call makes a network of its own, with one host: `127.0.0.0/8`, `::1`, `localhost`. It has real half-close, bounded links
 * that push back, resets, a bounded backlog, ports, and paths, which are names of this network and no files. It has no latency and no randomness: everything happens in microtasks,
 * in the same order on every run. A chunk arrives as it was written, except where the link had no room for all of it. A reset
 * arrives at once, ahead of bytes that were sent and not read.
 *
 * @throws {RangeError} `maxLinkBytes` is not a whole number of at least 1
 *
 * @example
 * ```ts
 * import { memoryTransport } from "spillway/testing";
 *
 * const transport = memoryTransport({ maxLinkBytes: 1024 });
 * const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 16 });
 * const near = await transport.connect(listener.address);
 * const { value: far } = await listener[Symbol.asyncIterator]().next();
 * console.log(far?.remoteAddress.port === near.localAddress.port); // true
 * near.abort();
 * console.log((await far?.closed)?.code); // connection-reset
 * listener.close();
 * ```
 */
export function memoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
  const maxLinkBytes = checkWhole("maxLinkBytes", options.maxLinkBytes ?? DEFAULT_LINK_BYTES);
  return new MemoryNetwork(() => ({ forth: new Link(maxLinkBytes), back: new Link(maxLinkBytes) }));
}

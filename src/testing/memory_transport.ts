import {
  type Address,
  type Connection,
  type ConnectOptions,
  type Listener,
  type ListenOptions,
  SpillwayError,
  type Transport,
} from "../core/mod.ts";
import { listenAddress, overlaps, reaches, shownOn, targetAddress } from "./host.ts";
import { connectedPair } from "./memory_end.ts";
import { connectAborted, connectionRefused, MemoryListener } from "./memory_listener.ts";
import { PortPool } from "./port_pool.ts";

const DEFAULT_LINK_BYTES = 65_536;

/** Settings of {@link memoryTransport}. */
export interface MemoryTransportOptions {
  /**
   * Bytes that each direction of a connection holds between its two ends; a writer waits while there are so many. A
   * whole number of at least 1; default 65536.
   */
  readonly maxLinkBytes?: number;
}

/** A network of one host, in memory. Made by {@link memoryTransport}. */
export interface MemoryTransport extends Transport {
  /**
   * Makes the next accept of the listener at `address` fail with `error`, ahead of the connections that wait there.
   * Several calls queue up.
   *
   * @throws {SpillwayError} `connection-refused` when nothing listens there
   */
  failAccept(address: Address, error: SpillwayError): void;
}

/**
 * A transport that needs no network, only memory: the reference that the transports of the runtimes are measured by.
 *
 * Each call makes a network of its own, with one host: `127.0.0.0/8`, `::1`, `localhost`. It has real half-close,
 * bounded links that push back, reset, a bounded backlog, and ports. There is no time in it and no chance: everything
 * happens in microtasks, in the same order on every run. A chunk arrives as it was written, except where the link had
 * no room for all of it. A reset arrives at once, ahead of what was sent and not read.
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
  const { maxLinkBytes = DEFAULT_LINK_BYTES } = options;
  if (!Number.isSafeInteger(maxLinkBytes) || maxLinkBytes < 1) {
    throw new RangeError(`maxLinkBytes must be a whole number of at least 1, not ${maxLinkBytes}`);
  }
  return new MemoryNetwork(maxLinkBytes);
}

class MemoryNetwork implements MemoryTransport {
  readonly name = "memory";
  readonly #maxLinkBytes: number;
  readonly #listeners = new Set<MemoryListener>();
  /** Of listeners, and of the ends that connect: as in a kernel, neither gets a port of the other. */
  readonly #ports = new PortPool();

  constructor(maxLinkBytes: number) {
    this.#maxLinkBytes = maxLinkBytes;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const hostname = listenAddress(options.hostname);
    const port = options.port === 0 ? this.#ports.take() : this.#claim(hostname, options.port);
    const listener = new MemoryListener({ hostname, port }, options.backlog, () => this.#onClosed(listener));
    this.#listeners.add(listener);
    return listener;
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { port, signal } = options;
    if (signal?.aborted) throw connectAborted(signal);
    const target = { hostname: targetAddress(options.hostname), port };
    const listener = this.#listenerAt(target);
    const connection = await listener.connect(() => this.#pair(listener, target), signal);
    if (!signal?.aborted) return connection;
    connection.abort();
    throw connectAborted(signal);
  }

  failAccept(address: Address, error: SpillwayError): void {
    const { hostname, port } = address;
    this.#listenerAt({ hostname: targetAddress(hostname), port }).fail(error);
  }

  #claim(hostname: string, port: number): number {
    const rivals = this.#listenersOn(port);
    const inUse = rivals.some((rival) => overlaps(rival.address.hostname, hostname));
    // Without a rival it is the port of an end that connects.
    if (inUse || (rivals.length === 0 && this.#ports.has(port))) {
      throw new SpillwayError("address-in-use", `${hostname}:${port} is in use`);
    }
    this.#ports.claim(port);
    return port;
  }

  #listenersOn(port: number): MemoryListener[] {
    return [...this.#listeners].filter(({ address }) => address.port === port);
  }

  #listenerAt(target: Address): MemoryListener {
    const listener = this.#listenersOn(target.port).find(({ address }) => reaches(address.hostname, target.hostname));
    if (listener === undefined) throw connectionRefused(target);
    return listener;
  }

  #pair(listener: MemoryListener, target: Address): { near: Connection; far: Connection } {
    const port = this.#ports.take();
    const origin = target.hostname.includes(":") ? target.hostname : "127.0.0.1";
    const bound = listener.address.hostname;
    return connectedPair({
      near: { hostname: origin, port },
      far: target,
      shown: (hostname) => shownOn(bound, hostname),
      maxLinkBytes: this.#maxLinkBytes,
      onReleased: () => this.#ports.give(port),
    });
  }

  #onClosed(listener: MemoryListener): void {
    const { port } = listener.address;
    this.#listeners.delete(listener);
    if (this.#listenersOn(port).length === 0) this.#ports.give(port);
  }
}

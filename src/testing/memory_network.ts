import {
  type Connection,
  type ConnectOptions,
  type Listener,
  type ListenOptions,
  SpillwayError,
  type TcpAddress,
  type Transport,
} from "../core/mod.ts";
import { listenAddress, overlaps, reaches, shownOn, targetAddress } from "./host.ts";
import type { Link } from "./link.ts";
import { connectedPair, type Pair } from "./memory_end.ts";
import { connectAborted, connectionRefused, MemoryListener } from "./memory_listener.ts";
import { PortPool } from "./port_pool.ts";

/** The links of a connection. */
export interface Cable {
  /** The directions: from the end that connects, and to it. */
  readonly forth: Link;
  readonly back: Link;
  onConnected?(pair: Pair): void;
}

/** One host, with its ports and listeners. The maker of the cables decides how their links behave. */
export class MemoryNetwork implements Transport {
  readonly name = "memory";
  readonly #makeCable: () => Cable;
  readonly #listeners = new Set<MemoryListener>();
  /** The ports of listeners and of connecting ends: as in a kernel, they never share one. */
  readonly #ports = new PortPool();
  readonly #receive: ((run: () => void) => void) | undefined;

  /** `receive` delivers the network's input to the listening process. */
  constructor(makeCable: () => Cable, receive?: (run: () => void) => void) {
    this.#makeCable = makeCable;
    this.#receive = receive;
  }

  /** The number of listeners. */
  get listening(): number {
    return this.#listeners.size;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const hostname = listenAddress(options.hostname);
    const port = options.port === 0 ? this.#ports.take() : this.#claim(hostname, options.port);
    const listener = new MemoryListener(
      { hostname, port },
      options.backlog,
      () => this.#onClosed(listener),
      this.#receive,
    );
    this.#listeners.add(listener);
    return listener;
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { port, signal } = options;
    if (signal?.aborted) throw connectAborted(signal);
    const target = { hostname: targetAddress(options.hostname), port };
    const listener = this.#listenerAt(target);
    const connection = await listener.connect(() => this.#pair(listener, target, options.localAddress), signal);
    if (!signal?.aborted) return connection;
    connection.abort();
    throw connectAborted(signal);
  }

  /** See `MemoryTransport`. */
  failAccept(address: TcpAddress, error: SpillwayError): void {
    const { hostname, port } = address;
    this.#listenerAt({ hostname: targetAddress(hostname), port }).fail(error);
  }

  #claim(hostname: string, port: number): number {
    const rivals = this.#listenersOn(port);
    const inUse = rivals.some((rival) => overlaps(rival.address.hostname, hostname));
    // Without a competing listener, the port belongs to an end that connects.
    if (inUse || (rivals.length === 0 && this.#ports.has(port))) {
      throw new SpillwayError("address-in-use", `${hostname}:${port} is in use`);
    }
    this.#ports.claim(port);
    return port;
  }

  #listenersOn(port: number): MemoryListener[] {
    return [...this.#listeners].filter(({ address }) => address.port === port);
  }

  #listenerAt(target: TcpAddress): MemoryListener {
    const listener = this.#listenersOn(target.port).find(({ address }) => reaches(address.hostname, target.hostname));
    if (listener === undefined) throw connectionRefused(target);
    return listener;
  }

  #pair(listener: MemoryListener, target: TcpAddress, localAddress: string | undefined): Pair {
    const port = this.#ports.take();
    const origin = localAddress ?? (target.hostname.includes(":") ? target.hostname : "127.0.0.1");
    const bound = listener.address.hostname;
    const cable = this.#makeCable();
    const pair = connectedPair({
      near: { hostname: origin, port },
      far: target,
      shown: (hostname) => shownOn(bound, hostname),
      forth: cable.forth,
      back: cable.back,
      onReleased: () => this.#ports.give(port),
      receive: this.#receive,
    });
    cable.onConnected?.(pair);
    return pair;
  }

  #onClosed(listener: MemoryListener): void {
    const { port } = listener.address;
    this.#listeners.delete(listener);
    if (this.#listenersOn(port).length === 0) this.#ports.give(port);
  }
}

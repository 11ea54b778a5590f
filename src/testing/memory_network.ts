import {
  type Address,
  addressText,
  type Connection,
  type ConnectOptions,
  type DescriptorListenOptions,
  type HeldSocket,
  type Listener,
  type ListenOptions,
  type SentSocket,
  SpillwayError,
  type TcpAddress,
  type TcpListenOptions,
  type Transport,
  type UnixAddress,
} from "../core/mod.ts";
import { listenAddress, overlaps, reaches, shownOn, targetAddress } from "./host.ts";
import type { Link } from "./link.ts";
import { connectedPair, type Pair } from "./memory_end.ts";
import { connectAborted, connectionRefused, MemoryListener } from "./memory_listener.ts";
import { PortPool } from "./port_pool.ts";
import { SharedSocket, type SocketUser } from "./shared_socket.ts";

/** Those before are the standard streams, as everywhere. */
const FIRST_DESCRIPTOR = 3;

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
  /** The sockets that processes share, by their descriptors. */
  readonly #shared = new Map<number, SharedSocket>();
  #nextDescriptor = FIRST_DESCRIPTOR;
  /** The process of the listeners, if no other is named. */
  readonly #user: SocketUser;

  /** `receive` delivers the network's input to the listening process. */
  constructor(makeCable: () => Cable, receive?: (run: () => void) => void) {
    this.#makeCable = makeCable;
    this.#receive = receive;
    this.#user = { receive: receive ?? ((run) => run()) };
  }

  /** The number of listeners. */
  get listening(): number {
    return this.#listeners.size;
  }

  async listen(options: ListenOptions, user: SocketUser = this.#user): Promise<Listener> {
    if (options.fd !== undefined) return this.#heldAs(options.fd).listen(user);
    return user === this.#user ? this.#listen(options) : this.#share(options).listen(user);
  }

  /** See `Transport`. */
  async hold(options: ListenOptions): Promise<HeldSocket> {
    const socket = options.fd === undefined ? this.#share(options) : this.#heldAs(options.fd);
    return socket.hold();
  }

  #share(options: Exclude<ListenOptions, DescriptorListenOptions>): SharedSocket {
    const socket = new SharedSocket(this.#listen(options), this.#nextDescriptor);
    this.#shared.set(this.#nextDescriptor, socket);
    this.#nextDescriptor += 1;
    return socket;
  }

  /** @throws {SpillwayError} `runtime-unsupported`: it is no descriptor of this network, and no socket that it holds */
  #heldAs(fd: number | SentSocket): SharedSocket {
    const socket = typeof fd === "number" ? this.#shared.get(fd) : fd.handle;
    if (socket instanceof SharedSocket) return socket;
    throw new SpillwayError("runtime-unsupported", "a network in memory has no descriptors but those that it holds");
  }

  #listen(options: Exclude<ListenOptions, DescriptorListenOptions>): MemoryListener {
    const address = options.path === undefined ? this.#bind(options) : this.#bindPath(options.path);
    const listener = new MemoryListener(address, options.backlog, () => this.#onClosed(listener), this.#receive);
    this.#listeners.add(listener);
    return listener;
  }

  async connect(options: ConnectOptions, user?: SocketUser): Promise<Connection> {
    const { signal } = options;
    if (signal?.aborted) throw connectAborted(signal);
    const target = targetOf(options);
    const listener = this.#listenerAt(target);
    const connect = () => {
      const pair = this.#pair(listener, target, options.localAddress);
      if (user !== undefined) pair.near.enter(user.receive);
      user?.onTaken?.(pair.near);
      return pair;
    };
    const connection = await listener.connect(connect, signal);
    if (!signal?.aborted) return connection;
    connection.abort();
    throw connectAborted(signal);
  }

  /** See `MemoryTransport`. */
  failAccept(address: Address, error: SpillwayError): void {
    this.#listenerAt(targetOf(address)).fail(error);
  }

  #bind(options: TcpListenOptions): TcpAddress {
    const hostname = listenAddress(options.hostname);
    return { hostname, port: options.port === 0 ? this.#ports.take() : this.#claim(hostname, options.port) };
  }

  #bindPath(path: string): UnixAddress {
    const address = { path };
    if (this.#listenerAtPath(path) === undefined) return address;
    throw new SpillwayError("address-in-use", `${addressText(address)} is in use`);
  }

  #claim(hostname: string, port: number): number {
    const rivals = this.#listenersOn(port);
    const inUse = rivals.some((rival) => overlaps(rival.address.hostname as string, hostname));
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

  #listenerAt(target: Address): MemoryListener {
    const listener = target.path === undefined ? this.#listenerOn(target) : this.#listenerAtPath(target.path);
    if (listener === undefined) throw connectionRefused(target);
    return listener;
  }

  #listenerOn({ hostname, port }: TcpAddress): MemoryListener | undefined {
    return this.#listenersOn(port).find(({ address }) => reaches(address.hostname as string, hostname));
  }

  #listenerAtPath(path: string): MemoryListener | undefined {
    return [...this.#listeners].find(({ address }) => address.path === path);
  }

  #pair(listener: MemoryListener, target: Address, localAddress: string | undefined): Pair {
    const near: Address = target.path === undefined ? this.#nearOf(target, localAddress) : { path: "" };
    const bound = listener.address.hostname ?? "";
    const cable = this.#makeCable();
    const pair = connectedPair({
      near,
      far: target,
      shown: (hostname) => shownOn(bound, hostname),
      forth: cable.forth,
      back: cable.back,
      onReleased: () => {
        if (near.port !== undefined) this.#ports.give(near.port);
      },
      receive: this.#receive,
    });
    cable.onConnected?.(pair);
    return pair;
  }

  #nearOf(target: TcpAddress, localAddress: string | undefined): TcpAddress {
    const hostname = localAddress ?? (target.hostname.includes(":") ? target.hostname : "127.0.0.1");
    return { hostname, port: this.#ports.take() };
  }

  #onClosed(listener: MemoryListener): void {
    const { port } = listener.address;
    for (const [fd, socket] of this.#shared) if (socket.isOf(listener)) this.#shared.delete(fd);
    this.#listeners.delete(listener);
    if (port !== undefined && this.#listenersOn(port).length === 0) this.#ports.give(port);
  }
}

/** Returns what is connected to, as this host shows it. */
function targetOf(to: Address): Address {
  if (to.path !== undefined) return { path: to.path };
  return { hostname: targetAddress(to.hostname), port: to.port };
}

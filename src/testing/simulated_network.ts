import type {
  Clock,
  Connection,
  ConnectOptions,
  HeldSocket,
  Listener,
  ListenOptions,
  SpillwayError,
  TcpAddress,
  Transport,
} from "../core/mod.ts";
import { Agenda } from "./agenda.ts";
import { Link } from "./link.ts";
import { checkConditions, drawConditions, type LinkConditions } from "./link_conditions.ts";
import { type Cable, MemoryNetwork } from "./memory_network.ts";
import type { MemoryTransport } from "./memory_transport.ts";
import { processTransport } from "./process_transport.ts";
import { type Random, seededRandom } from "./random.ts";
import type { SocketUser } from "./shared_socket.ts";
import { SimulatedConnection } from "./simulated_connection.ts";
import type { SimulatedProcess } from "./simulated_process.ts";
import { inTicks, TimedWire } from "./timed_wire.ts";
import type { WireEnd } from "./wire.ts";

/** The most connections that are kept for `connectionFrom`, unless more are open. */
const MOST_CLOSED = 512;

/** Settings of {@link simulatedNetwork}. */
export interface SimulatedNetworkOptions {
  /** The clock of the network: usually a `manualClock()`. */
  readonly clock: Clock;
  /** The seed of all randomness: a whole number of at least 0. */
  readonly seed: number;
  /** Returns the conditions of one direction of a connection; called for each. Default: a realistic mix of good and bad links. */
  readonly conditions?: (random: Random) => LinkConditions;
  /** The process of the listeners: while it stalls, nothing reaches them. Default: a process that never stalls. */
  readonly process?: Pick<SimulatedProcess, "receive"> | undefined;
}

/** A network with latency, on a clock. Made by {@link simulatedNetwork}. */
export interface SimulatedNetwork extends MemoryTransport {
  /** The connections that at least one end still uses, in the order of connecting. */
  readonly connections: readonly SimulatedConnection[];
  /**
   * Connects as `connect` does, as the connection with that number. Its conditions then depend on the seed and on the number only, not on
   * how many others connect before it. Use this method for all connections, or for none.
   */
  connectAs(number: number, options: ConnectOptions): Promise<Connection>;
  /**
   * Returns the network as one of several processes uses it. Input for the process waits while that stalls. When it is
   * killed, its connections are reset, and its listeners and held sockets are closed: connections that no process has taken then wait for
   * others that listen on the same socket.
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway/core";
   * import { manualClock, SimulatedProcess, simulatedNetwork } from "spillway/testing";
   *
   * const clock = manualClock();
   * const network = simulatedNetwork({ clock, seed: 1 });
   * const { address, close, fd = 0 } = await network.hold({ hostname: "127.0.0.1", port: 0, backlog: 16 });
   * const service = { codec: lines(), handler: (line: string) => line, fd };
   * const processes = [new SimulatedProcess(clock), new SimulatedProcess(clock)];
   * const servers = await Promise.all(
   *   processes.map((process) => serve(network.transportOf(process), { ...service, clock: process })),
   * );
   *
   * processes[0]?.stop();
   * const connecting = network.connect(address);
   * await clock.advance(1_000);
   * console.log(servers.map((server) => server.stats().accepted)); // [ 0, 1 ]
   * processes[1]?.kill();
   * await clock.advance(1_000);
   * console.log((await (await connecting).closed)?.code); // connection-reset
   * processes[0]?.kill();
   * close();
   * console.log(network.listening); // 0
   * ```
   */
  transportOf(process: SimulatedProcess): Transport;
  /** Returns the last connection made from a port, open or closed; of the closed ones, it knows the last few hundred. */
  connectionFrom(port: number): SimulatedConnection | undefined;
  /** The number of listeners. */
  readonly listening: number;
  /** The number of events under way: pieces, FINs, resets, attempts to connect. */
  readonly pending: number;
}

/**
 * Returns a network of one host, in memory, on a clock: with latency, jitter, bandwidth and bounded buffers for each direction of
 * each connection, and with bytes that are split and joined anywhere on their way. The same seed makes the same network.
 *
 * The network breaks nothing by itself: faults are requested through its `connections` and `failAccept`.
 *
 * @throws {RangeError} `seed` is not a whole number of at least 0
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway/core";
 * import { manualClock, simulatedNetwork } from "spillway/testing";
 *
 * const clock = manualClock();
 * const link = { latencyMs: 20, jitterMs: 0, bytesPerSecond: Infinity, bufferBytes: 65_536, cutting: "fine" } as const;
 * const network = simulatedNetwork({ clock, seed: 1, conditions: () => link });
 * const server = await serve(network, { port: 0, codec: lines(), handler: (line) => line.toUpperCase(), clock });
 *
 * const connecting = network.connect(server.address);
 * await clock.advance(40); // there and back
 * const connection = await connecting;
 * const reader = connection.readable.getReader();
 * await connection.writable.getWriter().write(new TextEncoder().encode("a\n"));
 * const read = reader.read();
 * await clock.advance(100);
 * console.log(new TextDecoder().decode((await read).value)[0]); // A
 *
 * network.connections[0]?.reset();
 * await clock.advance(0);
 * console.log((await connection.closed)?.code); // connection-reset
 * const drained = server.shutdown();
 * await clock.advance(0);
 * console.log(await drained, network.connections.length); // { drained: 0, aborted: 0 } 0
 * ```
 */
export function simulatedNetwork(options: SimulatedNetworkOptions): SimulatedNetwork {
  return new TimedNetwork(options);
}

class TimedNetwork implements SimulatedNetwork {
  readonly name = "simulated";
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #draw: (random: Random) => LinkConditions;
  readonly #network: MemoryNetwork;
  readonly #receive: ((run: () => void) => void) | undefined;
  #connections: SimulatedConnection[] = [];
  readonly #byPort = new Map<number, SimulatedConnection>();
  /** The numbers of attempts to connect, and of connections. */
  #attempts = 0;
  #connected = 0;
  /** The number of the connection that is being made, if it was given. */
  #number: number | undefined;

  constructor(options: SimulatedNetworkOptions) {
    const { clock, seed, conditions = drawConditions } = options;
    this.#agenda = new Agenda(clock);
    this.#random = seededRandom(seed);
    this.#draw = conditions;
    this.#receive = options.process?.receive;
    this.#network = new MemoryNetwork(() => this.#cable(), this.#receive);
  }

  get connections(): readonly SimulatedConnection[] {
    this.#connections = this.#connections.filter(({ nearOver, farOver }) => !nearOver || !farOver);
    return this.#connections;
  }

  connectionFrom(port: number): SimulatedConnection | undefined {
    return this.#byPort.get(port);
  }

  get listening(): number {
    return this.#network.listening;
  }

  get pending(): number {
    return this.#agenda.size;
  }

  listen(options: ListenOptions): Promise<Listener> {
    return this.#network.listen(options);
  }

  hold(options: ListenOptions): Promise<HeldSocket> {
    return this.#network.hold(options);
  }

  transportOf(owner: SimulatedProcess): Transport {
    const connect = (options: ConnectOptions, user: SocketUser) => {
      this.#attempts += 1;
      return this.#connect(this.#attempts, undefined, options, user);
    };
    return processTransport(this.#network, connect, owner);
  }

  connect(options: ConnectOptions): Promise<Connection> {
    this.#attempts += 1;
    return this.#connect(this.#attempts, undefined, options);
  }

  connectAs(number: number, options: ConnectOptions): Promise<Connection> {
    return this.#connect(number, number, options);
  }

  /** Connects after one round trip; the other end learns of the connection after half of it. */
  async #connect(
    attempt: number,
    number: number | undefined,
    options: ConnectOptions,
    user?: SocketUser,
  ): Promise<Connection> {
    const { latencyMs } = this.#draw(this.#random.fork(`attempt ${attempt}`));
    await this.#pause(latencyMs, attempt);
    this.#number = number;
    const connecting = this.#network.connect(options, user);
    this.#number = undefined;
    const connection = await connecting;
    await this.#pause(latencyMs, attempt);
    return connection;
  }

  failAccept(address: TcpAddress, error: SpillwayError): void {
    this.#network.failAccept(address, error);
  }

  #pause(ms: number, order: number): Promise<void> {
    return new Promise((resolve) => this.#agenda.add(this.#agenda.now() + inTicks(ms), -order, resolve));
  }

  #cable(): Cable {
    this.#connected += 1;
    const number = this.#number ?? this.#connected;
    const forth = this.#link(2 * number, "forth");
    const back = this.#link(2 * number + 1, "back");
    const links = { forth: forth.link, back: back.link };
    return {
      ...links,
      onConnected: (pair) => {
        const wires = { forth: forth.wire, back: back.wire };
        const connection = new SimulatedConnection(number, pair, links, wires);
        this.#connections.push(connection);
        this.#byPort.delete(connection.port);
        this.#byPort.set(connection.port, connection);
        if (this.#byPort.size > MOST_CLOSED) this.#forget();
      },
    };
  }

  /** Forgets the oldest half of the connections, if they have ended. */
  #forget(): void {
    this.#connections = [...this.connections];
    let left = MOST_CLOSED / 2;
    for (const [port, { nearOver, farOver }] of this.#byPort) {
      if (left-- <= 0) return;
      if (nearOver && farOver) this.#byPort.delete(port);
    }
  }

  #link(order: number, direction: string): { link: Link; wire: TimedWire } {
    const random = this.#random.fork(`${order} ${direction}`);
    const conditions = checkConditions(this.#draw(random));
    let wire!: TimedWire;
    const makeWire = (end: WireEnd) => {
      wire = new TimedWire(this.#agenda, order, conditions, random, end);
      return wire;
    };
    const link = new Link(conditions.bufferBytes, makeWire, direction === "back" ? this.#receive : undefined);
    return { link, wire };
  }
}

import { AcceptQueue, QueueListener, SpillwayError } from "../../../src/core/mod.ts";
import type {
  Connection,
  ConnectOptions,
  EstablishStep,
  Listener,
  ListenOptions,
  Transport,
} from "../../../src/mod.ts";
import { tls, tlsClient } from "../../../src/tls/mod.ts";
import { ca, pair } from "../../tls/support/certificates.ts";

/**
 * A transport whose connections are those of another one, with TLS. Clients connect through the transport of Node, which
 * can reset on every runtime, and without its sockets, so that they are carried by connections on every runtime.
 */
export class TlsNetwork implements Transport {
  readonly name: string;
  readonly #below: Transport;
  readonly #server: EstablishStep = tls(pair("server"));
  readonly #client: EstablishStep = tlsClient({ ca, serverName: "localhost" });

  readonly #waiting = new Map<number, () => void>();

  readonly #clients: Transport;

  readonly #sockets: boolean;

  /** Without sockets, TLS gets the connections themselves, which the runtime's own listener accepts. */
  constructor(below: Transport, clients: Transport, sockets: boolean) {
    this.#clients = clients;
    this.#sockets = sockets;
    this.name = `tls over ${below.name}`;
    this.#below = below;
    if (below.afterIo !== undefined) this.afterIo = below.afterIo.bind(below);
  }

  afterIo?: (callback: () => void) => void;

  async listen(options: ListenOptions): Promise<Listener> {
    const listener = await this.#below.listen(this.#sockets ? { ...options, detachable: true } : options);
    const queue = new AcceptQueue(options.backlog);
    void this.#accept(listener, queue);
    const close = () => listener.close();
    const finish = () => {
      close();
      queue.finish();
    };
    return new QueueListener({ address: listener.address, queue, finish, close });
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const connection = await this.#clients.connect(options);
    Object.defineProperty(connection, "detach", { value: undefined });
    const accepted = this.#accepted(connection.localAddress.port as number);
    const context = { id: 0, signal: options.signal ?? new AbortController().signal, hostname: "localhost" };
    try {
      const encrypted = await this.#client(connection, context);
      // With TLS 1.3 a client is done before the server.
      await Promise.race([accepted, encrypted.closed]);
      return encrypted;
    } catch (cause) {
      connection.abort();
      // A connection that the system accepts behind a closed listener is nobody's.
      throw new SpillwayError("connection-refused", "the handshake failed", { cause });
    }
  }

  /** Fulfils when the server has established the connection from a port. */
  #accepted(port: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(port, resolve));
  }

  async #accept(listener: Listener, queue: AcceptQueue): Promise<void> {
    for await (const connection of listener) void this.#establish(connection, queue);
  }

  async #establish(connection: Connection, queue: AcceptQueue): Promise<void> {
    if (!this.#sockets) Object.defineProperty(connection, "detach", { value: undefined });
    try {
      const { port = 0 } = connection.remoteAddress;
      queue.push(await this.#server(connection, { id: 0, signal: new AbortController().signal }));
      this.#waiting.get(port)?.();
      this.#waiting.delete(port);
    } catch {
      connection.abort();
    }
  }
}

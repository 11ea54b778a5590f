import { AcceptQueue, QueueListener, SpillwayError } from "../../../src/core/mod.ts";
import type {
  Connection,
  ConnectOptions,
  EstablishContext,
  EstablishStep,
  Listener,
  ListenOptions,
  Transport,
} from "../../../src/mod.ts";
import { tls, tlsClient } from "../../../src/tls/mod.ts";
import { ca, pair } from "../../tls/support/certificates.ts";

/** A transport whose connections are those of another one, with TLS. */
export class TlsNetwork implements Transport {
  readonly name: string;
  readonly #below: Transport;
  readonly #server: EstablishStep = tls(pair("server"));
  readonly #client: EstablishStep = tlsClient({ ca, serverName: "localhost" });

  constructor(below: Transport) {
    this.name = `tls over ${below.name}`;
    this.#below = below;
    if (below.afterIo !== undefined) this.afterIo = below.afterIo.bind(below);
  }

  afterIo?: (callback: () => void) => void;

  async listen(options: ListenOptions): Promise<Listener> {
    const listener = await this.#below.listen(options);
    const queue = new AcceptQueue(options.backlog);
    void this.#accept(listener, queue);
    return new QueueListener(listener.address, queue, () => listener.close());
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const connection = await this.#below.connect(options);
    const context = { id: 0, signal: options.signal ?? new AbortController().signal, hostname: "localhost" };
    try {
      return await this.#client(connection, context as EstablishContext);
    } catch (cause) {
      connection.abort();
      throw new SpillwayError("connect-failed", "the handshake failed", { cause });
    }
  }

  async #accept(listener: Listener, queue: AcceptQueue): Promise<void> {
    for await (const connection of listener) void this.#establish(connection, queue);
  }

  async #establish(connection: Connection, queue: AcceptQueue): Promise<void> {
    try {
      queue.push(await this.#server(connection, { id: 0, signal: new AbortController().signal }));
    } catch {
      connection.abort();
    }
  }
}

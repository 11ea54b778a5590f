import type {
  Address,
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  TcpAddress,
  Transport,
} from "../../../src/mod.ts";

/**
 * Reads a port as the path of a Unix socket in one directory, so that what is written for TCP runs over those too. The addresses of
 * connections stay what they are.
 */
export class UnixNetwork implements Transport {
  readonly name: string;
  readonly #native: Transport;
  readonly #directory: string;
  #lastPort = 0;

  constructor(native: Transport, directory: string) {
    this.name = native.name;
    this.#native = native;
    this.#directory = directory;
  }

  async listen({ backlog, hostname, port }: ListenOptions): Promise<Listener> {
    this.#lastPort += 1;
    const address = { hostname: hostname ?? "", port: port === 0 || port === undefined ? this.#lastPort : port };
    return new PortListener(await this.#native.listen({ path: this.#pathOf(address.port), backlog }), address);
  }

  connect({ port, signal }: ConnectOptions): Promise<Connection> {
    return this.#native.connect({ path: this.#pathOf(port as number), ...(signal && { signal }) });
  }

  afterIo(callback: () => void): void {
    this.#native.afterIo?.(callback);
  }

  /** Where a client finds the listener on a port. */
  addressOf({ port }: TcpAddress): Address {
    return { path: this.#pathOf(port) };
  }

  #pathOf(port: number): string {
    return `${this.#directory}/${port}.sock`;
  }
}

class PortListener implements Listener {
  readonly address: TcpAddress;
  readonly #listener: Listener;
  readonly finish?: () => void;

  constructor(listener: Listener, address: TcpAddress) {
    this.address = address;
    this.#listener = listener;
    if (listener.finish !== undefined) this.finish = () => listener.finish?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this.#listener[Symbol.asyncIterator]();
  }

  close(): void {
    this.#listener.close();
  }
}

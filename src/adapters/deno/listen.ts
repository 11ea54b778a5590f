import {
  type Address,
  type Connection,
  checkListenOptions,
  type Listener,
  type ListenOptions,
  listenAtPath,
  plainAddress,
} from "../../core/mod.ts";
import { connect } from "./connect.ts";
import { DenoDriver, UNNAMED } from "./driver.ts";
import { acceptError, listenError } from "./errors.ts";
import { native, type TcpListener, type UnixListener } from "./native.ts";
import { files, platform } from "./system.ts";
import { refuseUnsupported } from "./unsupported.ts";

/** Listens with `Deno.listen`. Connections are accepted one by one, on request: further ones wait in the kernel. */
export async function listen(options: ListenOptions): Promise<Listener> {
  checkListenOptions(options, platform);
  refuseUnsupported(options);
  const { backlog, hostname, mode, noDelay = true, path, port, reusePort = false } = options;
  if (path !== undefined) {
    const placed = await listenAtPath(path, mode, {
      files,
      listen: listenUnix,
      connect: (to, signal) => connect({ path: to, signal }),
    });
    return new DenoListener({ path }, new UnixAcceptor(placed.bound, { path }, placed.remove));
  }
  // The transport with a descriptor has been refused.
  const tcp = { hostname: hostname as string, port: port as number, tcpBacklog: backlog, reusePort };
  try {
    const listener = native().listen(tcp);
    const at = { hostname: listener.addr.hostname, port: listener.addr.port };
    return new DenoListener(plainAddress(at), new TcpAcceptor(listener, noDelay));
  } catch (cause) {
    throw listenError(cause as Error);
  }
}

function listenUnix(path: string): UnixListener {
  try {
    return native().listen({ transport: "unix", path });
  } catch (cause) {
    throw listenError(cause as Error);
  }
}

/** Accepts the connections of one kind of listener. */
interface Acceptor {
  accept(): Promise<DenoDriver>;
  close(): void;
}

class TcpAcceptor implements Acceptor {
  readonly #listener: TcpListener;
  readonly #noDelay: boolean;

  constructor(listener: TcpListener, noDelay: boolean) {
    this.#listener = listener;
    this.#noDelay = noDelay;
  }

  async accept(): Promise<DenoDriver> {
    const conn = await this.#listener.accept();
    conn.setNoDelay(this.#noDelay);
    return new DenoDriver(conn);
  }

  close(): void {
    this.#listener.close();
  }
}

class UnixAcceptor implements Acceptor {
  readonly #listener: UnixListener;
  readonly #localAddress: Address;
  readonly #remove: () => void;

  constructor(listener: UnixListener, localAddress: Address, remove: () => void) {
    this.#listener = listener;
    this.#localAddress = localAddress;
    this.#remove = remove;
  }

  async accept(): Promise<DenoDriver> {
    return new DenoDriver(await this.#listener.accept(), this.#localAddress, UNNAMED);
  }

  close(): void {
    this.#remove();
    this.#listener.close();
  }
}

class DenoListener implements Listener, AsyncIterator<Connection> {
  readonly address: Address;
  readonly #acceptor: Acceptor;
  #closed = false;

  constructor(address: Address, acceptor: Acceptor) {
    this.address = address;
    this.#acceptor = acceptor;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this;
  }

  // Not `for await`: Deno's own iterator ends at the first client that resets before it is accepted.
  async next(): Promise<IteratorResult<Connection, undefined>> {
    try {
      return { done: false, value: (await this.#acceptor.accept()).connection };
    } catch (cause) {
      if (this.#closed) return { done: true, value: undefined };
      throw acceptError(cause as Error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#acceptor.close();
  }
}

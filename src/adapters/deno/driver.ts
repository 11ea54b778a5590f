import { type Address, type Bytes, type Driver, DriverConnection, internAddress, ReadBuffer } from "../../core/mod.ts";
import { connectionError } from "./errors.ts";
import type { TcpConn, UnixConn } from "./native.ts";

/** The address of most clients at a path. */
export const UNNAMED: Address = Object.freeze({ path: "" });

/**
 * One connection on `Deno.Conn`. Calls its `read` and `write` directly: its `readable` and `writable` close the whole
 * connection at EOF, so that no reply could follow the peer's FIN.
 */
export class DenoDriver implements Driver {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #conn: TcpConn | UnixConn;
  readonly #buffer = new ReadBuffer();
  #reading = false;
  #writing!: Uint8Array;
  #closed = false;
  // Not an async function: waiting in one costs an idle connection 200 bytes more than these callbacks.
  readonly #onRead = (count: number | null): void => {
    this.#reading = false;
    if (count === null) this.connection.end();
    else if (this.connection.push(this.#buffer.take(count))) this.pull();
  };
  readonly #onReadFailed = (cause: Error): void => {
    this.connection.fail(connectionError(cause));
  };
  readonly #onSent = (sent: number): void => {
    const rest = this.#writing.subarray(sent);
    if (rest.length === 0) return this.connection.sent();
    this.connection.took(sent);
    this.write(rest);
  };
  readonly #onRefused = (cause: Error): void => {
    this.connection.refuse(connectionError(cause));
  };

  constructor(conn: TcpConn);
  /** A connection at a path has the given addresses. */
  constructor(conn: UnixConn, localAddress: Address, remoteAddress: Address);
  constructor(conn: TcpConn | UnixConn, localAddress?: Address, remoteAddress?: Address) {
    this.#conn = conn;
    if (localAddress === undefined || remoteAddress === undefined) {
      const { localAddr, remoteAddr } = conn as TcpConn;
      this.remoteAddress = { hostname: remoteAddr.hostname, port: remoteAddr.port };
      this.localAddress = internAddress(localAddr.hostname, localAddr.port);
    } else {
      this.remoteAddress = remoteAddress;
      this.localAddress = localAddress;
    }
    this.connection = new DriverConnection(this);
  }

  pull(): void {
    if (!this.#reading && !this.#closed) this.#read();
  }

  recycle(chunk: Bytes): void {
    this.#buffer.recycle(chunk);
  }

  /** Writes as many bytes as the kernel has room for: usually all of them. */
  write(bytes: Uint8Array): false {
    this.#writing = bytes;
    this.#conn.write(bytes).then(this.#onSent, this.#onRefused);
    return false;
  }

  finish(): false {
    this.#conn.closeWrite().then(() => this.connection.finished(), this.#onRefused);
    return false;
  }

  release(): void {
    this.#close();
  }

  /** Closes the connection. Deno cannot send RST; the kernel sends it when input was left unread. */
  reset(): void {
    this.#close();
  }

  #read(): void {
    this.#reading = true;
    this.#conn.read(this.#buffer.next()).then(this.#onRead, this.#onReadFailed);
  }

  #close(): void {
    // A second `close` throws.
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
    this.connection.released();
  }
}

import { connect, type Socket } from "node:net";
import type { Address } from "../../../src/mod.ts";
import type { Client, DialOptions } from "./platform.ts";
import { Received } from "./received.ts";

/** A client on `node:net`, which every runtime has: independent of the adapter under test, and able to reset. */
export function dialNet({ hostname, path, port }: Address, options: DialOptions = {}): Promise<Client> {
  return new Promise((resolve, reject) => {
    const to = path === undefined ? { host: hostname, port, noDelay: true } : { path };
    const socket = connect({ ...to, allowHalfOpen: options.halfOpen ?? false });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      if (options.stalled) socket.pause();
      resolve(new NetClient(socket, options.stalled ?? false));
    });
  });
}

class NetClient implements Client {
  readonly port: number;
  readonly #socket: Socket;
  readonly #received = new Received();

  constructor(socket: Socket, stalled: boolean) {
    this.port = socket.localPort ?? 0;
    this.#socket = socket;
    socket.on("data", (chunk) => this.#received.push(chunk));
    if (stalled) socket.pause();
    socket.on("end", () => this.#received.end("fin"));
    socket.on("error", () => this.#received.end("reset"));
    socket.on("close", () => this.#received.end("reset"));
  }

  get receivedBytes(): number {
    return this.#received.bytes;
  }
  get unsent(): number {
    return this.#socket.writableLength;
  }
  get ended(): Promise<"fin" | "reset"> {
    return this.#received.ended;
  }
  send(data: string | Uint8Array): void {
    this.#socket.write(data);
  }
  finish(): void {
    this.#socket.end();
  }
  reset(): void {
    // A Unix socket has no reset. Closing one is a reset for the peer if something that it has sent is left unread.
    if (this.port === 0) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }
  stall(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
  until(text: string): Promise<string> {
    return this.#received.until(text);
  }
  rest(): Promise<string> {
    return this.#received.rest();
  }
}

import { connect, type Socket } from "node:net";
import type { TcpAddress } from "../../../src/mod.ts";
import type { Client, DialOptions } from "./platform.ts";
import { Received } from "./received.ts";

/** A client on `node:net`, which every runtime has: independent of the adapter under test, and able to reset. */
export function dialNet(address: TcpAddress, options: DialOptions = {}): Promise<Client> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = address;
    const socket = connect({ host, port, allowHalfOpen: options.halfOpen ?? false, noDelay: true });
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
    this.port = socket.localPort as number;
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
    this.#socket.resetAndDestroy();
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

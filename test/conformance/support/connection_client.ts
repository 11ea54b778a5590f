import type { Bytes, Connection, TcpAddress, Transport } from "../../../src/mod.ts";
import type { Client, DialOptions } from "./platform.ts";
import { Received } from "./received.ts";

/** A client on a Connection: for transports that nothing else can reach. */
export async function dialConnection(
  transport: Transport,
  address: TcpAddress,
  options: DialOptions = {},
): Promise<Client> {
  return new ConnectionClient(await transport.connect(address), options);
}

class ConnectionClient implements Client {
  readonly port: number;
  readonly #connection: Connection;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #halfOpen: boolean;
  readonly #received = new Received();
  #unsent = 0;
  #stalled: boolean;
  #wake: () => void = () => {};

  constructor(connection: Connection, { halfOpen = false, stalled = false }: DialOptions) {
    this.port = connection.localAddress.port as number;
    this.#connection = connection;
    this.#reader = connection.readable.getReader();
    this.#writer = connection.writable.getWriter();
    this.#halfOpen = halfOpen;
    this.#stalled = stalled;
    void this.#read();
  }

  get receivedBytes(): number {
    return this.#received.bytes;
  }
  get unsent(): number {
    return this.#unsent;
  }
  get ended(): Promise<"fin" | "reset"> {
    return this.#received.ended;
  }
  send(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.#unsent += bytes.length;
    this.#writer.write(bytes).then(
      () => (this.#unsent -= bytes.length),
      () => this.#received.end("reset"),
    );
  }
  finish(): void {
    this.#writer.close().catch(() => this.#received.end("reset"));
  }
  reset(): void {
    this.#connection.abort();
  }
  stall(): void {
    this.#stalled = true;
  }
  resume(): void {
    this.#stalled = false;
    this.#wake();
  }
  until(text: string): Promise<string> {
    return this.#received.until(text);
  }
  rest(): Promise<string> {
    return this.#received.rest();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        if (this.#stalled) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#received.push(value);
      }
      this.#received.end("fin");
      if (!this.#halfOpen) this.#writer.close().catch(() => {});
    } catch {
      this.#received.end("reset");
    }
  }
}

import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import type { Connection } from "../../../src/mod.ts";
import { eventually } from "../../conformance/support/platform.ts";

/** A TLS client of the runtime over a connection, whose end is told apart: close_notify, FIN, and how their bytes come. */
export class EndingClient {
  /** The received bytes, as text. */
  received = "";
  /** Fulfils when the server has ended its side. */
  readonly ended: Promise<unknown>;
  readonly #connection: Connection;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stream: Duplex;
  readonly #tls: TLSSocket;
  /** Records that wait to be sent, or none that do. */
  #held: Uint8Array[] | undefined;
  #records = 0;
  #finished = false;
  #sent: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, maxVersion: "TLSv1.2" | "TLSv1.3") {
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
    const reader = connection.readable.getReader();
    this.#stream = new Duplex({
      read: () => {
        reader.read().then(
          ({ done, value }) => this.#stream.push(done ? null : Buffer.from(value)),
          () => this.#stream.push(null),
        );
      },
      write: (chunk: Uint8Array, _encoding, callback) => {
        // On Bun the memory of the chunk is used again.
        this.#send(new Uint8Array(chunk));
        callback();
      },
    });
    this.#stream.on("error", () => {});
    const options = { rejectUnauthorized: false, servername: "localhost", maxVersion, allowHalfOpen: true };
    this.#tls = connect({ socket: this.#stream, ...options });
    this.#tls
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        this.received += chunk.toString();
      });
    this.ended = once(this.#tls, "end").catch(() => {});
  }

  /** Fulfils when the handshake is done on this side. */
  async secure(): Promise<void> {
    await once(this.#tls, "secureConnect");
  }

  /** Fulfils when the records are on their way. */
  async send(text: string): Promise<void> {
    const before = this.#records;
    this.#tls.write(text);
    await eventually(() => this.#records > before);
  }

  /** Keeps what is sent from now on. */
  hold(): void {
    this.#held = [];
  }

  /** Sends close_notify. */
  async closeNotify(): Promise<void> {
    const before = this.#records;
    this.#tls.end();
    await eventually(() => this.#records > before);
  }

  /** Sends what was kept: at once, or in pieces that come one by one. */
  async release(pieceBytes = Infinity): Promise<void> {
    const bytes = Buffer.concat(this.#held ?? []);
    this.#held = undefined;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await this.#writer.write(new Uint8Array(bytes.subarray(at, at + pieceBytes)));
      if (pieceBytes !== Infinity) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Sends FIN behind what was sent. */
  async fin(): Promise<void> {
    this.#finished = true;
    await this.#sent;
    await this.#writer.close();
  }

  stop(): void {
    this.#finished = true;
    this.#connection.abort();
    this.#tls.destroy();
  }

  #send(bytes: Uint8Array): void {
    this.#records += 1;
    if (this.#held !== undefined) this.#held.push(bytes);
    else if (!this.#finished) this.#sent = this.#writer.write(bytes).catch(() => {});
  }
}

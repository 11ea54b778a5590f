import { Duplex } from "node:stream";

type Callback = (error?: Error | null) => void;

/** The carrier behind a {@link CarrierStream}. */
export interface StreamCarrier {
  /** Sends bytes, and calls back when they are taken. Returns false when no more should follow before 'drain'. */
  write(bytes: Uint8Array, callback?: Callback): boolean;
  /** Sends FIN behind what was written, and calls back when that is done, or cannot be done. */
  end(callback?: () => void): void;
  /** The TLS socket wants more input, or none for now. */
  setFlowing(flowing: boolean): void;
}

/**
 * The stream that a TLS socket is made over. It has the face of a stream of Node, and none of its queues: output of the
 * TLS socket goes to the carrier within the call, and 'data' of the carrier is decrypted within the call.
 */
export class CarrierStream extends Duplex {
  readonly #carrier: StreamCarrier;

  constructor(carrier: StreamCarrier) {
    // The TLS socket goes with its carrier, and may have input that nobody has read.
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#carrier = carrier;
    // Errors are reported to the owner of the carrier.
    this.on("error", () => {});
  }

  override write(bytes: Uint8Array, encoding?: unknown, callback?: Callback): boolean {
    return this.#carrier.write(bytes, typeof encoding === "function" ? (encoding as Callback) : callback);
  }

  override end(...given: unknown[]): this {
    const callback = given.find((one) => typeof one === "function");
    this.#carrier.end(callback as (() => void) | undefined);
    return this;
  }

  /** The TLS socket destroys it when it is closed itself; its last records may still be on their way. */
  override destroy(): this {
    this.#carrier.end();
    return this;
  }

  override pause(): this {
    this.#carrier.setFlowing(false);
    return this;
  }

  override resume(): this {
    this.#carrier.setFlowing(true);
    return this;
  }

  override cork(): void {}

  override uncork(): void {}
}

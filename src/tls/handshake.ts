import { nextTick } from "node:process";
import type { TLSSocket } from "node:tls";
import type { Connection, EstablishContext, SpillwayError } from "../core/mod.ts";
import type { Carrier, CarrierOwner } from "./carrier.ts";
import { certificateOfFailed } from "./session_facts.ts";
import { TlsDriver } from "./tls_driver.ts";
import { handshakeError } from "./tls_errors.ts";

/** A handshake that is under way. */
export interface HandshakeOptions {
  readonly socket: TLSSocket;
  readonly carrier: Carrier;
  /** The event of the TLS socket that ends the handshake. */
  readonly event: "secure" | "secureConnect";
  /** The connection below, for its addresses. */
  readonly below: Connection;
  readonly context: Pick<EstablishContext, "signal">;
  /** Whether FIN without close_notify is an error. */
  readonly requireCloseNotify: boolean;
  /** Checks the result of the handshake. An error that it throws refuses the connection. */
  readonly check: (socket: TLSSocket) => void;
}

/**
 * Waits for the end of a handshake, and returns the connection over the TLS socket.
 *
 * @throws {SpillwayError} `tls-failed`: the handshake failed, or `check` refused its result; the peer has got the alert
 * and FIN where that was possible. Or the reason of the signal, after which the connection is reset.
 */
export function handshake(options: HandshakeOptions): Promise<Connection> {
  return new Promise((resolve, reject) => new Handshake(options, resolve, reject).start());
}

class Handshake implements CarrierOwner {
  readonly #options: HandshakeOptions;
  readonly #resolve: (connection: Connection) => void;
  readonly #reject: (cause: unknown) => void;
  /** The chunks that came before the end of the handshake was reported. */
  readonly #early: Buffer[] = [];
  /** Why `check` refused the result. */
  #refusal: unknown;
  #over = false;

  constructor(options: HandshakeOptions, resolve: (connection: Connection) => void, reject: (cause: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    const { socket, carrier, context, event } = this.#options;
    carrier.owner = this;
    socket
      .once(event, this.#onSecure)
      .on("error", this.#onError)
      .on("end", this.#onEnd)
      .on("close", this.#onEnd)
      // Without a reader, a stream does not report its end.
      .on("data", this.#onData);
    nextTick(() => carrier.start(socket));
    if (context.signal.aborted) return this.#onAbort();
    context.signal.addEventListener("abort", this.#onAbort);
  }

  onEnd(): boolean {
    return false;
  }

  onBroken(error: SpillwayError): void {
    this.#fail(handshakeError(error));
  }

  onReleased(): void {
    this.#onEnd();
  }

  readonly #onSecure = (): void => {
    const { check, socket } = this.#options;
    if (this.#over) return;
    try {
      check(socket);
    } catch (cause) {
      return this.#refuse(cause);
    }
    this.#end();
    socket.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd).off("error", this.#onError);
    this.#resolve(new TlsDriver(this.#options, this.#early).connection);
  };

  readonly #onData = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#options.socket.pause();
  };

  readonly #onError = (cause: unknown): void => {
    this.#fail(handshakeError(cause, certificateOfFailed(this.#options.socket)));
  };

  readonly #onEnd = (): void => this.#fail(handshakeError({ code: "ECONNRESET", message: "the peer ended" }));

  readonly #onAbort = (): void => {
    const { carrier, context, socket } = this.#options;
    if (this.#over) return;
    this.#end();
    carrier.reset(socket);
    this.#reject(context.signal.reason);
  };

  /** The handshake failed: the rest of the output is sent. */
  #fail(error: SpillwayError): void {
    if (this.#over) return;
    this.#endAfterFin(this.#refusal ?? error);
    this.#options.socket.destroy();
  }

  /** The handshake succeeded, and its result is refused: close_notify and FIN. */
  #refuse(cause: unknown): void {
    this.#refusal = cause;
    this.#options.socket.end(this.#onEnd);
  }

  #endAfterFin(cause: unknown): void {
    this.#over = true;
    const { carrier, context, socket } = this.#options;
    const done = (): void => {
      context.signal.removeEventListener("abort", onAbort);
      this.#reject(cause);
    };
    const onAbort = (): void => carrier.reset(socket);
    context.signal.removeEventListener("abort", this.#onAbort);
    context.signal.addEventListener("abort", onAbort);
    carrier.release(done);
  }

  #end(): void {
    this.#over = true;
    this.#options.context.signal.removeEventListener("abort", this.#onAbort);
  }
}

import { afterIo as afterIoAnyhow } from "../../core/mod.ts";
import { native, type TcpConn } from "./native.ts";

/**
 * A loopback connection: a byte sent over it shows when Deno has polled for input.
 *
 * Deno polls only when it goes to sleep, or after sixty ticks without sleep. An immediate does not put it to sleep; a timer
 * does, for two milliseconds. A byte on a loopback socket arrives as soon as Deno has polled, with all input that peers have sent.
 */
class Loopback {
  readonly #near: TcpConn;
  readonly #far: TcpConn;
  /** Larger than one byte: a read that fills its buffer leaves the socket marked as readable. */
  readonly #buffer = new Uint8Array(16);
  readonly #byte = new Uint8Array(1);
  #waiting: (() => void)[] = [];

  constructor(near: TcpConn, far: TcpConn) {
    this.#near = near;
    this.#far = far;
  }

  static async open(): Promise<Loopback> {
    const listener = native().listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    try {
      const { port } = listener.addr;
      const near = await native().connect({ hostname: "127.0.0.1", port });
      const far = await listener.accept();
      // Another process may have connected to the port first.
      if (far.remoteAddr.port !== near.localAddr.port) {
        near.close();
        far.close();
        throw new Error("the loopback connection is not its own");
      }
      near.setNoDelay(true);
      return new Loopback(near, far);
    } finally {
      listener.close();
    }
  }

  afterIo(callback: () => void): void {
    if (this.#waiting.push(callback) === 1) void this.#send();
  }

  async #send(): Promise<void> {
    try {
      await this.#near.write(this.#byte);
      await this.#far.read(this.#buffer);
    } catch {
      loopback = "refused";
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }
}

let loopback: Loopback | "opening" | "refused" | undefined;

/** See `Transport.afterIo`. Uses the core's fallback where a loopback connection is not permitted. */
export function afterIo(callback: () => void): void {
  if (typeof loopback === "object") return loopback.afterIo(callback);
  if (loopback === undefined) void open();
  // Until the loopback is open, a timer is the most reliable substitute; it serves only one or two callbacks.
  if (loopback === "opening") setTimeout(callback, 0);
  else afterIoAnyhow(callback);
}

async function open(): Promise<void> {
  loopback = "refused";
  // Without the permission, Deno would prompt for it.
  if (native().permissions.querySync({ name: "net", host: "127.0.0.1" }).state !== "granted") return;
  loopback = "opening";
  try {
    loopback = await Loopback.open();
  } catch {
    loopback = "refused";
  }
}

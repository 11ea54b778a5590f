import { SpillwayError } from "../core/mod.ts";
import { isMessage, type ToWorker } from "./messages.ts";
import { say, type WorkerHost } from "./worker_host.ts";

/** The sockets that a supervisor sends to this process: the other end of a `ChildChannel`. */
export class ReceivedSockets {
  readonly #host: WorkerHost;
  /** The functions that wait for a socket, by its number. */
  readonly #awaited = new Map<number, (handle: object) => void>();

  constructor(host: WorkerHost) {
    this.#host = host;
    host.on("message", (message: unknown, handle?: object) => {
      if (isMessage(message)) this.#onMessage(message, handle);
    });
  }

  /**
   * Says that this process is up, and speaks that version of the protocol. Fulfils when all sockets without a descriptor have come.
   *
   * @throws {SpillwayError} `listen-failed`: the supervisor has ended
   */
  async first(sockets: readonly { readonly fd?: number }[], version: number): Promise<(object | undefined)[]> {
    const handles = sockets.map(async ({ fd }, index) => (fd === undefined ? this.#next(index) : undefined));
    const ended = new Promise<never>((_, reject) => {
      const onDisconnect = () => reject(new SpillwayError("listen-failed", "the supervisor has ended"));
      if (this.#host.connected === true) this.#host.on("disconnect", onDisconnect);
      else onDisconnect();
    });
    say(this.#host, { type: "up", version });
    return Promise.race([Promise.all(handles), ended]);
  }

  /** Asks for a socket once more. Never settles when the supervisor does not answer. */
  again(index: number): Promise<object> {
    const handle = this.#next(index);
    say(this.#host, { type: "again", index });
    return handle;
  }

  #next(index: number): Promise<object> {
    return new Promise((resolve) => this.#awaited.set(index, resolve));
  }

  #onMessage(message: ToWorker, handle: object | undefined): void {
    if (message.type === "offer") say(this.#host, { type: "take" });
    if (message.type !== "socket") return;
    say(this.#host, { type: "taken" });
    if (handle === undefined) return;
    this.#awaited.get(message.index)?.(handle);
    this.#awaited.delete(message.index);
  }
}

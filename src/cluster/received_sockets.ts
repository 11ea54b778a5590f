import { type Clock, SpillwayError } from "../core/mod.ts";
import { isMessage, type ToWorker } from "./messages.ts";
import { say, type WorkerHost } from "./worker_host.ts";

/** The time after which a socket is asked for anew: one for which a process had no descriptor does not come. */
const AGAIN_MS = 5_000;

/** The sockets that a supervisor sends to this process: the other end of a `ChildChannel`. */
export class ReceivedSockets {
  readonly #host: WorkerHost;
  readonly #clock: Clock;
  /** The functions that wait for a socket, by its number. */
  readonly #awaited = new Map<number, (handle: object) => void>();
  /** The timers after which sockets are asked for anew, by the number. */
  readonly #timers = new Map<number, unknown>();

  constructor(host: WorkerHost, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    host.on("message", (message: unknown, handle?: object) => {
      if (isMessage(message)) this.#onMessage(message, handle);
    });
    host.on("disconnect", () => {
      for (const timer of this.#timers.values()) clock.clearTimeout(timer);
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

  /** Asks for a socket once more, until it comes. Never settles when the supervisor does not answer. */
  again(index: number): Promise<object> {
    const handle = this.#next(index);
    this.#ask(index);
    return handle;
  }

  #ask(index: number): void {
    if (this.#host.connected !== true) return;
    say(this.#host, { type: "again", index });
    this.#timers.set(
      index,
      this.#clock.setTimeout(() => this.#ask(index), AGAIN_MS),
    );
  }

  #next(index: number): Promise<object> {
    return new Promise((resolve) => this.#awaited.set(index, resolve));
  }

  #onMessage(message: ToWorker, handle: object | undefined): void {
    if (message.type === "offer") say(this.#host, { type: "take" });
    if (message.type !== "socket") return;
    say(this.#host, { type: "taken" });
    if (handle !== undefined) this.#onSocket(message.index, handle);
  }

  #onSocket(index: number, handle: { close?(): void }): void {
    this.#clock.clearTimeout(this.#timers.get(index));
    const take = this.#awaited.get(index);
    this.#awaited.delete(index);
    // It was asked for anew, and both have come.
    if (take === undefined) handle.close?.();
    else take(handle);
  }
}

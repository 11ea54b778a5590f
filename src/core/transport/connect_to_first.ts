import { allFailed } from "../errors/all_failed.ts";
import { SpillwayError } from "../errors/errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Connection } from "./transport.ts";

/** So long an attempt is alone, before one at the next address is made beside it: as RFC 8305 advises. */
const HEAD_START_MS = 250;

/** What {@link connectToFirst} connects to. */
export interface Addresses {
  /** What they are the addresses of, for messages. */
  readonly hostname: string;
  /** In the order in which they are tried. */
  readonly addresses: readonly string[];
  /** Connects to one. @throws {SpillwayError} */
  connect(address: string, signal: AbortSignal): Promise<Connection>;
}

/**
 * Connects to the first address that answers, of all that a name has. Each attempt has all the time that there is: those at later addresses
 * begin beside it, when it has failed or has had 250 ms alone. The others are given up when one is connected.
 *
 * For transports whose runtime gives each address a part of the time only, or does not say why each has failed.
 *
 * @throws {SpillwayError} `connect-aborted`; what all attempts have thrown, in one
 */
export function connectToFirst(
  to: Addresses,
  signal: AbortSignal | undefined,
  clock: Clock = systemClock,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    new Race(to, signal, clock, resolve, reject).begin();
  });
}

class Race {
  readonly #to: Addresses;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #resolve: (connection: Connection) => void;
  readonly #reject: (error: SpillwayError) => void;
  readonly #controller = new AbortController();
  /** By the order of the addresses. */
  readonly #errors: SpillwayError[] = [];
  readonly #onAbort = () => this.#lose(new SpillwayError("connect-aborted", "connecting was aborted"));
  #begun = 0;
  #failed = 0;
  #timer: unknown;
  #over = false;

  constructor(
    to: Addresses,
    signal: AbortSignal | undefined,
    clock: Clock,
    resolve: (connection: Connection) => void,
    reject: (error: SpillwayError) => void,
  ) {
    this.#to = to;
    this.#signal = signal;
    this.#clock = clock;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    if (this.#signal?.aborted) return this.#onAbort();
    this.#signal?.addEventListener("abort", this.#onAbort);
    this.#next();
  }

  /** Begins the next attempt, if there is one. */
  #next(): void {
    this.#clock.clearTimeout(this.#timer);
    const { addresses, hostname } = this.#to;
    const index = this.#begun;
    const address = addresses[index];
    if (address === undefined) {
      if (this.#failed === addresses.length) this.#lose(allFailed(`cannot connect to ${hostname}`, this.#errors));
      return;
    }
    this.#begun += 1;
    void this.#try(address, index);
    this.#timer = this.#clock.setTimeout(() => this.#next(), HEAD_START_MS);
  }

  async #try(address: string, index: number): Promise<void> {
    try {
      const connection = await this.#to.connect(address, this.#controller.signal);
      if (this.#over) return connection.abort();
      this.#end();
      this.#resolve(connection);
    } catch (error) {
      this.#errors[index] = error as SpillwayError;
      this.#failed += 1;
      if (!this.#over) this.#next();
    }
  }

  #lose(error: SpillwayError): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#over = true;
    this.#clock.clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#controller.abort();
  }
}

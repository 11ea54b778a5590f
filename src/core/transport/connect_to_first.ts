import { allFailed } from "../errors/all_failed.ts";
import { SpillwayError } from "../errors/errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Connection } from "./transport.ts";

/** The time for which an attempt is alone before the next address is tried beside it, as RFC 8305 recommends. */
const HEAD_START_MS = 250;

/** The target of {@link connectToFirst}. */
export interface Addresses {
  /** The name that has these addresses, for messages. */
  readonly hostname: string;
  /** The addresses, in the order in which they are tried. */
  readonly addresses: readonly string[];
  /** Connects to an address. @throws {SpillwayError} */
  connect(address: string, signal: AbortSignal): Promise<Connection>;
}

/**
 * Connects to the first address that answers, of all addresses of a name. Each attempt may take all the time. The
 * attempt at the next address begins when one has failed or has had 250 ms alone. The others are aborted when one is
 * connected.
 *
 * For transports whose runtime limits the time of each address, or does not report why each has failed.
 *
 * @throws {SpillwayError} `connect-aborted`; the errors of all attempts, in one
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
  /** The errors, in the order of the addresses. */
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

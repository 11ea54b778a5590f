import { describe } from "../errors/describe.ts";
import { SpillwayError } from "../errors/errors.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import { isPromiseLike } from "../time/is_promise_like.ts";
import { identify } from "./identify.ts";
import { streamConnection } from "./stream_connection.ts";
import type { Connection, TransportConnection } from "./transport.ts";

/** The circumstances of an {@link EstablishStep}. */
export interface EstablishContext {
  /** The number of the connection, from 1 within one server: the `id` of its {@link ConnectionInfo}. */
  readonly id: number;
  /** The name or address that a client connects to. Absent on a server. */
  readonly hostname?: string | undefined;
  /**
   * Aborts when the connection is no longer wanted: `establishTimeoutMs` has passed, or the server drains. The reason
   * is the {@link SpillwayError}. The connection is aborted at the same time, so that its pending reads reject.
   */
  readonly signal: AbortSignal;
}

/**
 * A step between the acceptance of a connection and its session: it checks the connection, or turns it into another one,
 * and returns the connection to go on with. To read what the peer sends first, it uses {@link readHead}.
 *
 * A step that throws refuses the connection. The `code` of a {@link SpillwayError} is the reason; any other value becomes
 * `establish-failed`. The connection is then aborted; a step that wants the peer to see an orderly end awaits
 * `connection.close()` before it throws, for as long as the deadline allows. A step that returns no promise costs none.
 *
 * - **Owns** the connection until it returns it or throws.
 * - **On abort** of `context.signal` the connection is aborted, too. A step that waits for something else should stop.
 *
 * @example
 * ```ts
 * import { type EstablishStep, lines, readHead, serve, SpillwayError } from "spillway";
 *
 * // Serves only peers whose first line is the word.
 * const knock: EstablishStep = async (connection) => {
 *   const line = await readHead(connection, (bytes) => bytes.indexOf(10) + 1 || undefined);
 *   if (new TextDecoder().decode(line) === "sesame\n") return connection;
 *   throw new SpillwayError<"wrong-knock">("wrong-knock", "the first line is not the word");
 * };
 * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line, establish: [knock] });
 * console.log(server.stats().establishing); // 0
 * ```
 */
export type EstablishStep = (connection: Connection, context: EstablishContext) => Connection | PromiseLike<Connection>;

/** A step that takes the socket of the runtime out of its connection, where there is one. */
export interface DetachingStep extends EstablishStep {
  /** Makes the server listen so that connections have such sockets, see `ListenOptions.detachable`. */
  readonly detaches: true;
}

/** Reports whether one of the steps is a {@link DetachingStep}. */
export function detaches(steps: readonly EstablishStep[]): boolean {
  return steps.some((step) => (step as Partial<DetachingStep>).detaches === true);
}

/** The owner of an {@link Establishing}. */
export interface EstablishOwner {
  /** All steps are done. Must not throw. */
  onEstablished(connection: Connection, establishing: Establishing): void;
  /** A step has refused the connection, or it was called off. The connection is aborted. Must not throw. */
  onRefused(error: SpillwayError<string>, establishing: Establishing): void;
}

/** The settings that all connections of a server share. */
export interface EstablishSettings {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly timeoutMs: number;
  readonly hostname?: string;
}

/** Takes one connection through its steps. Steps that return no promise run within `start`. */
export class Establishing implements EstablishContext, DeadlineOwner {
  readonly id: number;
  /** The connection that the present step has. */
  connection: Connection;
  readonly #steps: readonly EstablishStep[];
  readonly #settings: EstablishSettings;
  readonly #owner: EstablishOwner;
  readonly #begunAt: number;
  #deadline: Deadline | undefined;
  #controller: AbortController | undefined;
  #calledOffFor: SpillwayError | undefined;
  #next = 0;
  #over = false;

  constructor(
    id: number,
    connection: Connection,
    steps: readonly EstablishStep[],
    settings: EstablishSettings,
    owner: EstablishOwner,
  ) {
    this.id = id;
    this.connection = connection;
    this.#steps = steps;
    this.#settings = settings;
    this.#owner = owner;
    this.#begunAt = settings.clock.now();
  }

  get hostname(): string | undefined {
    return this.#settings.hostname;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#calledOffFor !== undefined) this.#controller.abort(this.#calledOffFor);
    }
    return this.#controller.signal;
  }

  /** The time since the connection was accepted. */
  get durationMs(): number {
    return this.#settings.clock.now() - this.#begunAt;
  }

  start(): void {
    while (this.#next < this.#steps.length && !this.#over) {
      const step = this.#steps[this.#next] as EstablishStep;
      this.#next += 1;
      try {
        this.connection = readable(this.connection);
        const result = step(this.connection, this);
        if (isPromiseLike(result)) return this.#await(result);
        if (this.#over) return abandon(result);
        this.#take(result);
      } catch (cause) {
        return this.#refuse(cause);
      }
    }
    if (!this.#over) this.#finish();
  }

  /** Calls the rest off: aborts the signal and the connection. */
  abort(error: SpillwayError): void {
    if (this.#over) return;
    this.#calledOffFor = error;
    this.#controller?.abort(error);
    this.#refuse(error);
  }

  onDeadline(): void {
    this.abort(new SpillwayError("establish-timeout", "the connection was not established in time"));
  }

  #await(result: PromiseLike<Connection>): void {
    if (this.#deadline === undefined) {
      this.#deadline = new Deadline(this);
      this.#deadline.at = this.#begunAt + this.#settings.timeoutMs;
      this.#settings.deadlines.arm(this.#deadline);
    }
    result.then(
      (connection) => {
        this.#settings.deadlines.progress += 1;
        if (this.#over) return abandon(connection);
        try {
          this.#take(connection);
        } catch (cause) {
          return this.#refuse(cause);
        }
        this.start();
      },
      (cause: unknown) => this.#refuse(cause),
    );
  }

  /** @throws {TypeError} not a connection */
  #take(result: Connection): void {
    if (typeof result?.abort !== "function") {
      throw new TypeError("an establish step must return a connection, or a promise of one");
    }
    this.connection = result;
  }

  #refuse(cause: unknown): void {
    if (this.#over) return;
    const error = cause instanceof SpillwayError ? cause : establishError(cause);
    this.#end();
    abandon(this.connection, error);
    this.#owner.onRefused(error, this);
  }

  #finish(): void {
    this.#end();
    this.#owner.onEstablished(this.connection, this);
  }

  #end(): void {
    this.#over = true;
    if (this.#deadline !== undefined) this.#settings.deadlines.disarm(this.#deadline);
  }
}

/** @throws {TypeError} not a list of steps */
export function checkEstablish(steps: unknown): void {
  if (steps === undefined) return;
  if (!Array.isArray(steps)) throw new TypeError("establish must be an array of steps");
  for (const step of steps) if (typeof step !== "function") throw new TypeError("an establish step must be a function");
}

/** Aborts a connection, or what a step has returned in its place. That of a step's author may throw. */
function abandon(result: Connection, error?: SpillwayError<string>): void {
  try {
    if (typeof result?.abort === "function") result.abort(error);
  } catch {
    // It is over, as far as can be.
  }
}

/** Returns a connection whose head can be read: the same one, or one over its streams. */
function readable(connection: TransportConnection): Connection {
  if (connection.readHead !== undefined) return connection;
  return identify(streamConnection(connection), { tls: connection.tls, proxy: connection.proxy });
}

function establishError(cause: unknown): SpillwayError {
  return new SpillwayError("establish-failed", `an establish step threw: ${describe(cause)}`, { cause });
}

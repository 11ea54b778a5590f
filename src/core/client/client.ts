import { checkSignal } from "../options/abort_signal.ts";
import { checkDuration } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { SendResult } from "../output/send_result.ts";
import type { DrainResult } from "../session/observer.ts";
import type { Traffic } from "../session/traffic.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { ClientEnd } from "./client_event.ts";
import type { ClientLoop } from "./client_loop.ts";
import type { ClientSettings } from "./client_settings.ts";
import type { RequestOptions } from "./request.ts";

/** How {@link Client.close} drains. */
export interface CloseOptions {
  /** After so many milliseconds what is not answered or not sent is aborted. Default: the client's `drainTimeoutMs`. */
  readonly timeoutMs?: number;
}

const REQUEST_OPTIONS: OptionNames<RequestOptions> = { signal: true, timeoutMs: true };
const CLOSE_OPTIONS: OptionNames<CloseOptions> = { timeoutMs: true };

/** Counts since the client connected. */
export interface ClientStats extends Traffic {
  /** Connections made so far. */
  readonly connections: number;
  /** Requests that wait to be sent. */
  readonly waitingRequests: number;
  /** Requests that were sent and not answered by the peer, those that were given up among them. */
  readonly pendingRequests: number;
  /** Pushes that wait to be taken. */
  readonly waitingPushes: number;
  /** Pushes that were dropped: by `abort()`, or for want of room during a drain or at the end of their connection. */
  readonly pushesDropped: number;
  /** Events on which the observer threw. */
  readonly observerErrors: number;
}

/**
 * The side that asks. Made by {@link connect}.
 *
 * - **Owns** its connection, and the next one when it reconnects.
 * - **Pushes back** both ways: a request waits while `maxPendingRequests` are on their way, or more than `maxOutboundBytes` wait
 *   to be written. Nothing is read while `maxPushes` wait to be taken, **not even replies**, which come behind them in the
 *   same stream: whoever is sent pushes must iterate, or requests time out.
 * - **On abort** every request rejects, and pushes that nobody took are dropped.
 *
 * Iterating gives the *pushes*: the frames for which `isPush` is true, and those that come while no request is pending. Several
 * iterations share them: each frame goes to one. The iteration ends when the client is closed in order, by either side,
 * and throws a {@link SpillwayError} when the connection broke; what came before is given first. Leaving the loop closes nothing.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 */
export class Client<In = unknown, Out = unknown> implements AsyncDisposable, AsyncIterable<In> {
  /** Fulfils (never rejects) when the client is closed and nothing of it is left. */
  readonly closed: Promise<ClientEnd>;
  readonly #loop: ClientLoop<In, Out>;
  readonly #settings: ClientSettings<In, Out>;

  /** Use {@link connect}. */
  constructor(loop: ClientLoop<In, Out>) {
    this.#loop = loop;
    this.#settings = loop.settings;
    this.closed = loop.closed;
  }

  /** Where it is connected to; `undefined` while it is not. */
  get connection(): ConnectionInfo | undefined {
    return this.#loop.connection;
  }

  /**
   * Sends a frame, and fulfils with the frame that answers it. Requests are sent in the order of the calls, without waiting for
   * the replies to earlier ones, and replies are matched in that order, by nothing else: a greeting or a fault frame of the
   * peer that `isPush` does not recognise is taken for a reply.
   *
   * Rejects with the signal's reason, or with a {@link SpillwayError}:
   *
   * | `code` | the request |
   * |---|---|
   * | `client-closed` | was not sent: the client is closed, or was before its turn came |
   * | `request-timeout` | was not answered in time |
   * | `reply-invalid`, `codec-failed` | was not sent: it is no frame of the codec, or the codec threw |
   * | the connection's close reason | was sent, and its connection ended: whether it was carried out is unknown |
   *
   * One that is given up, by its signal or its deadline, rejects at once. If it was sent, it keeps its place: its late reply is
   * dropped, and those that follow still match. It may have been carried out all the same.
   *
   * @throws {TypeError | RangeError} at the call: `signal` is no AbortSignal; `timeoutMs` is 0, negative or NaN
   *
   * @example
   * ```ts
   * import { connect, lines, serve } from "spillway";
   *
   * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line.toUpperCase() });
   * await using client = await connect({ ...server.address, codec: lines() });
   * const replies = ["one", "two"].map((line) => client.request(line, { timeoutMs: 1_000 }));
   * console.log(await Promise.all(replies)); // [ "ONE", "TWO" ]
   * ```
   */
  request(this: this, frame: Out, options: RequestOptions = {}): Promise<In> {
    checkOptions(options, REQUEST_OPTIONS);
    const { signal, timeoutMs } = options;
    checkSignal(signal);
    if (timeoutMs !== undefined) checkDuration("timeoutMs", timeoutMs);
    return this.#loop.request(frame, signal, timeoutMs ?? this.#settings.requestTimeoutMs);
  }

  /**
   * Sends a frame that asks for nothing, ahead of requests that still wait. Never waits; says what became of it, as
   * `session.send` does: `"closed"` while there is no connection, or its `onConnect` is not done.
   *
   * @throws {SpillwayError} `reply-invalid` when this is no frame of the codec, `codec-failed` when the codec threw
   */
  send(this: this, frame: Out): SendResult {
    return this.#loop.send(frame);
  }

  /**
   * Fulfils (never rejects) with true when all that was sent before this call has been written, requests that still wait not
   * counted; with false when the connection was over first.
   */
  flushed(this: this): Promise<boolean> {
    return this.#loop.session?.flushed() ?? Promise.resolve(false);
  }

  /** Gives the pushes. */
  [Symbol.asyncIterator](): AsyncIterator<In, undefined> {
    return { next: () => this.#loop.pushes.next() };
  }

  /** A snapshot. */
  stats(this: this): ClientStats {
    const { connectionCount: connections, observerErrors, pushes, requests, traffic } = this.#loop;
    return {
      connections,
      waitingRequests: requests.waiting,
      pendingRequests: requests.pending,
      waitingPushes: pushes.length,
      pushesDropped: pushes.dropped,
      observerErrors,
      ...traffic,
    };
  }

  /**
   * Drains: takes no more requests, waits for the replies to those it has, writes what was sent, then sends FIN and waits for the
   * peer's. Pushes that find no room meanwhile are dropped. Aborts what remains after `timeoutMs`; a second call aborts at
   * once, and gives the same result: how many requests came to their end by themselves (`drained`), and how many did not
   * (`aborted`). While it is reconnecting, nothing is on its way: ends at once.
   *
   * @throws {RangeError} a `timeoutMs` of 0, negative or NaN
   *
   * @example
   * ```ts
   * import { connect, lines, serve } from "spillway";
   *
   * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line });
   * const client = await connect({ ...server.address, codec: lines() });
   * const reply = client.request("last words");
   * console.log(await client.close({ timeoutMs: 1_000 })); // { drained: 1, aborted: 0 }
   * console.log(await reply, (await client.closed).reason); // last words drained
   * ```
   */
  close(this: this, options: CloseOptions = {}): Promise<DrainResult> {
    checkOptions(options, CLOSE_OPTIONS);
    return this.#loop.close(checkDuration("timeoutMs", options.timeoutMs ?? this.#settings.limits.drainTimeoutMs));
  }

  /**
   * Ends the present connection now, as `aborted`, and makes the next one without a pause, of several hosts with the next. Requests that
   * were sent reject, as with any connection that is lost; those that wait are sent by the next connection. While there is no connection, it only
   * cuts the pause short; a call does nothing while an attempt is under way, or when the client is closed.
   *
   * @throws {TypeError} the option `reconnect` is not set, or `connect()` is not done yet
   */
  reconnect(this: this): void {
    this.#loop.reconnect();
  }

  /** Ends now, as `aborted`: with a reset (RST) where the runtime can send one. Does nothing when it is closed. */
  abort(this: this): void {
    this.#loop.abort();
  }

  /** The same as `close()`, for `await using`; waits for a drain that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#loop.drain ?? this.close());
  }
}

import type { SendResult } from "../output/send_result.ts";
import type { ServedSession } from "../session/served_session.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { RequestOptions } from "./request.ts";

/**
 * One connection of a client, as `onConnect` gets it. It may be kept: it stays that connection's, and is of no use when that is over.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 */
export interface ClientSession<In, Out> {
  readonly connection: ConnectionInfo;
  /** Aborts when the connection takes nothing new, with a {@link SpillwayError} that says why. Made when first asked for. */
  readonly draining: AbortSignal;
  /**
   * As `client.request`, but on this connection only, and ahead of what waits there. Rejects with `client-closed` when the connection is over,
   * or takes no more requests, before it was sent: it is not sent on another.
   *
   * @throws {TypeError | RangeError} at the call: `signal` is no AbortSignal; `timeoutMs` is 0, negative or NaN
   */
  request(this: object, frame: Out, options?: RequestOptions): Promise<In>;
  /**
   * As `client.send`, but on this connection only.
   *
   * @throws {SpillwayError} `reply-invalid` when this is no frame of the codec, `codec-failed` when the codec threw
   */
  send(this: object, frame: Out): SendResult;
  /** Fulfils (never rejects) with true when all that was sent has been written, with false when the connection was over first. */
  flushed(this: object): Promise<boolean>;
}

/** Who runs the connection of a {@link ClientSession}. */
export interface ClientSessionOwner<In, Out> {
  requestOn(session: ServedSession<In, Out, undefined>, frame: Out, options: RequestOptions): Promise<In>;
}

/** A connection's face to `onConnect`. */
export class ConnectedSession<In, Out> implements ClientSession<In, Out> {
  readonly #session: ServedSession<In, Out, undefined>;
  readonly #owner: ClientSessionOwner<In, Out>;

  constructor(session: ServedSession<In, Out, undefined>, owner: ClientSessionOwner<In, Out>) {
    this.#session = session;
    this.#owner = owner;
  }

  get connection(): ConnectionInfo {
    return this.#session.connection;
  }

  get draining(): AbortSignal {
    return this.#session.draining;
  }

  request(frame: Out, options: RequestOptions = {}): Promise<In> {
    return this.#owner.requestOn(this.#session, frame, options);
  }

  send(frame: Out): SendResult {
    return this.#session.send(frame);
  }

  flushed(): Promise<boolean> {
    return this.#session.flushed();
  }
}

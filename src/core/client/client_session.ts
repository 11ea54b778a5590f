import type { SendResult } from "../output/send_result.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { RequestOptions } from "./request_options.ts";

/**
 * One connection of a client, as `onConnect` gets it. It may be kept, and is of no use when its connection is over.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 */
export interface ClientSession<In, Out> {
  readonly connection: ConnectionInfo;
  /** Aborts when the connection takes nothing new, with a {@link SpillwayError} that says why. Made when first asked for. */
  readonly draining: AbortSignal;
  /**
   * As `client.request`, but on this connection only, and ahead of the client's requests. Rejects with `client-closed` when the connection
   * is over, or takes no more requests, before the request was sent: it is not sent on another connection.
   *
   * @throws {TypeError | RangeError} at the call: `signal` is no AbortSignal; `timeoutMs` is 0, negative or NaN; no such option
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

import type { SendResult } from "../output/send_result.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { RequestOptions } from "./request_options.ts";

/**
 * One connection of a client, for `onConnect`. It may be stored, but has no effect after its connection has ended.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 */
export interface ClientSession<In, Out> {
  /** The connection: its number, its addresses, and what TLS says of it. */
  readonly connection: ConnectionInfo;
  /** Aborts when the connection accepts nothing new, with a {@link SpillwayError} as the reason. Created on first access. */
  readonly draining: AbortSignal;
  /**
   * Sends a request as `client.request` does, but on this connection only, and ahead of the client's requests. Rejects with `client-closed`
   * if the connection has ended, or accepts no more requests, before the request was sent. It is never sent on another connection.
   *
   * @throws {TypeError | RangeError} at the call: `signal` is not an AbortSignal; `timeoutMs` is 0, negative or NaN; an unknown option
   */
  request(this: object, frame: Out, options?: RequestOptions): Promise<In>;
  /**
   * Sends a frame as `client.send` does, but on this connection only.
   *
   * @throws {SpillwayError} `reply-invalid` when this is not a frame of the codec, `codec-failed` when the codec threw
   */
  send(this: object, frame: Out): SendResult;
  /** Fulfils with true when all output has been written, and with false when the connection ended first. Never rejects. */
  flushed(this: object): Promise<boolean>;
}

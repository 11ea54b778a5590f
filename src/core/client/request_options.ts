/** Options of a request. */
export interface RequestOptions {
  /** Cancels the request. Default: none. */
  readonly signal?: AbortSignal;
  /** The time after which the request is given up, counted from the call. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

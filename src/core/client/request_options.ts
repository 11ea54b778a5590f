/** How long a request of a client may take. */
export interface RequestOptions {
  /** Gives the request up. */
  readonly signal?: AbortSignal;
  /** Gives it up after so many milliseconds, counted from the call. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

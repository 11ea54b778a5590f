/** What a handler in a worker is told besides its frame. */
export interface WorkerContext {
  /** Never aborts: the worker ends instead. */
  readonly signal: AbortSignal;
}

/** The one context of all frames. Whatever else a handler looks for belongs to the connection, which is in another thread. */
export const workerContext: WorkerContext = new Proxy<WorkerContext>(
  { signal: new AbortController().signal },
  {
    get(context, name) {
      if (name === "signal") return context.signal;
      if (typeof name === "symbol") return undefined;
      throw new TypeError(`context.${name} is not available in a pool: only context.signal is`);
    },
  },
);

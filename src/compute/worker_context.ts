import type { Progress } from "./progress.ts";

/** What a handler in a worker is told besides its frame. */
export interface WorkerContext {
  /** Fires no event: the worker ends instead. On Deno, where that needs a pause, `aborted` says that it should. */
  readonly signal: AbortSignal;
}

/** The context of one frame. Whatever else a handler looks for belongs to the connection, which is in another thread. */
export function workerContext(progress: Progress | undefined): WorkerContext {
  const { signal } = new AbortController();
  if (progress !== undefined) watch(signal, progress);
  return new Proxy<WorkerContext>(
    { signal },
    {
      get(context, name) {
        if (name === "signal") return context.signal;
        if (typeof name === "symbol") return undefined;
        throw new TypeError(`context.${name} is not available in a pool: only context.signal is`);
      },
    },
  );
}

function watch(signal: AbortSignal, progress: Progress): void {
  Object.defineProperties(signal, {
    aborted: { get: () => progress.aborted },
    throwIfAborted: {
      value: () => {
        if (progress.aborted) throw new DOMException("nobody waits for this frame any more", "AbortError");
      },
    },
  });
}

import type { Progress } from "./progress.ts";

/** The context of a handler in a worker. */
export interface WorkerContext {
  /** Never fires an event: the worker is ended instead. On Deno, which ends a worker only at a pause, `aborted` asks it to stop. */
  readonly signal: AbortSignal;
}

/** Returns the context of one frame. All other properties belong to the connection, which is in another thread. */
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

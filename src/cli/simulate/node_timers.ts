/** The timers of Node's own modules, for a simulation that replaces those of the global object. */
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import promises from "node:timers/promises";

type Callback = (...values: unknown[]) => void;

interface WaitOptions {
  readonly signal?: AbortSignal;
}

/**
 * Makes `node:timers` and `node:timers/promises` use the timers of the global object, whichever those are at a call. On Node this also
 * concerns modules that have imported them by name; on Deno and Bun those keep the runtime's. Not undone: the process has no other use.
 */
export function followGlobalTimers(): void {
  const of = (name: "setTimeout" | "setInterval" | "setImmediate") =>
    (globalThis as unknown as Record<string, Callback>)[name];
  const wait = (start: (done: () => void) => unknown, stop: (timer: unknown) => void, options: WaitOptions = {}) =>
    new Promise<void>((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(aborted(signal));
      const onAbort = () => {
        stop(timer);
        reject(aborted(signal));
      };
      const timer = start(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  const clear = (timer: unknown) => clearTimeout(timer as number);
  const setTimeoutOf = (delayMs: number | undefined, value?: unknown, options?: WaitOptions) =>
    wait((done) => of("setTimeout")?.(done as Callback, delayMs), clear, options).then(() => value);
  const setImmediateOf = (value?: unknown, options?: WaitOptions) =>
    wait((done) => of("setImmediate")?.(done as Callback), clearImmediateOf, options).then(() => value);
  async function* setIntervalOf(delayMs: number | undefined, value?: unknown, options?: WaitOptions) {
    for (;;) yield await setTimeoutOf(delayMs, value, options);
  }
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const)
    replace(timers, name, (...values: unknown[]) => of(name)?.(...values));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"] as const)
    replace(timers, name, (timer: unknown) => (globalThis as unknown as Record<string, Callback>)[name]?.(timer));
  replace(promises, "setTimeout", setTimeoutOf);
  replace(promises, "setImmediate", setImmediateOf);
  replace(promises, "setInterval", setIntervalOf);
  replace(promises, "scheduler", {
    wait: (delayMs: number, options?: WaitOptions) => setTimeoutOf(delayMs, undefined, options),
    yield: () => setImmediateOf(),
  });
  try {
    syncBuiltinESMExports();
  } catch {
    // The runtime has no such thing.
  }
}

function clearImmediateOf(timer: unknown): void {
  (globalThis as unknown as Record<string, Callback>)["clearImmediate"]?.(timer);
}

function replace(target: object, name: string, value: unknown): void {
  try {
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  } catch {
    // It stays the runtime's.
  }
}

/** As those of Node. */
function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error("The operation was aborted", { cause: signal?.reason });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR" });
}

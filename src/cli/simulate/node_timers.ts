/** The timers of Node's own modules, for a simulation that replaces those of the global object. */
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import promises from "node:timers/promises";

type Callback = (...values: unknown[]) => unknown;

interface WaitOptions {
  readonly signal?: AbortSignal;
}

/**
 * Makes `node:timers` and `node:timers/promises` use the timers of the global object, whichever those are at a call. On Node this also
 * concerns modules that have imported them by name; on Deno and Bun those keep the runtime's. Not undone: the process has no other use.
 */
export function followGlobalTimers(): void {
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const)
    replace(timers, name, (...values: unknown[]) => globalOf(name)(...values));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"] as const)
    replace(timers, name, (timer: unknown) => globalOf(name)(timer));
  replace(promises, "setTimeout", timeout);
  replace(promises, "setImmediate", immediate);
  replace(promises, "setInterval", interval);
  replace(promises, "scheduler", {
    wait: (delayMs: number, options?: WaitOptions) => timeout(delayMs, undefined, options),
    yield: () => immediate(),
  });
  try {
    syncBuiltinESMExports();
  } catch {
    // The runtime has no such thing.
  }
}

function globalOf(name: string): Callback {
  return (globalThis as unknown as Record<string, Callback>)[name] as Callback;
}

async function timeout(delayMs?: number, value?: unknown, options?: WaitOptions): Promise<unknown> {
  await waited((done) => globalOf("setTimeout")(done, delayMs), "clearTimeout", options);
  return value;
}

async function immediate(value?: unknown, options?: WaitOptions): Promise<unknown> {
  await waited((done) => globalOf("setImmediate")(done), "clearImmediate", options);
  return value;
}

async function* interval(delayMs?: number, value?: unknown, options?: WaitOptions): AsyncGenerator<unknown> {
  for (;;) yield await timeout(delayMs, value, options);
}

function waited(start: (done: () => void) => unknown, stop: string, { signal }: WaitOptions = {}): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const onAbort = () => {
      globalOf(stop)(timer);
      reject(aborted(signal));
    };
    const timer = start(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
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

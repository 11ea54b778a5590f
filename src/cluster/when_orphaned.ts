import type { Clock } from "../core/mod.ts";

/** The time between two looks. */
const LOOK_MS = 500;

/**
 * Calls back when the parent of this process has ended: another process is the parent then. On Deno the channel does not report the end
 * of a supervisor that has not read all messages. Returns a function that ends the watch.
 */
export function whenOrphaned(host: { readonly ppid?: number }, clock: Clock, callback: () => void): () => void {
  const parent = host.ppid;
  let timer: unknown;
  const look = (): void => {
    if (host.ppid === parent) timer = clock.setTimeout(look, LOOK_MS);
    else callback();
  };
  look();
  return () => clock.clearTimeout(timer);
}

import { nextTask } from "./real_time.ts";

/**
 * Fulfils when everything that can happen without the passing of time has happened: all promises that can settle have settled,
 * however long their chains.
 *
 * An immediate is a task of its own and costs microseconds; a timer of 0 ms, for an engine without immediates, costs a
 * millisecond or two. (A message to the same thread does not work: Deno may deliver it in the middle of the microtask queue.)
 */
export function tickEnd(): Promise<void> {
  return new Promise((resolve) => nextTask(resolve));
}

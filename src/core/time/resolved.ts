/** A promise that is resolved. A `then` on it runs in the next microtask, and makes no promise but its own. */
export const RESOLVED: Promise<void> = Promise.resolve();

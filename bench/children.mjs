// @ts-check

/** Processes that were started and have not ended. @type {Set<{ kill(): void }>} */
export const started = new Set();

/** Ends every process that was started and is still there. */
export function killAll() {
  for (const controlled of started) controlled.kill();
}

// @ts-check
// A line that is written over where there is a terminal, else a line every five seconds.

/** Returns what is to be told how far a storm is. @param {string} what */
export function progressOf(what) {
  const startedAt = performance.now();
  let toldAt = startedAt;
  return (/** @type {number} */ done, /** @type {number} */ brokenSoFar) => {
    const now = performance.now();
    if (now - toldAt < (process.stdout.isTTY ? 200 : 5_000)) return;
    toldAt = now;
    const text = `${what}: ${Math.round((now - startedAt) / 1_000)} s, ${done} connections, ${brokenSoFar} promises broken`;
    if (process.stdout.isTTY) process.stdout.write(`\r${text}\u001B[K`);
    else console.log(text);
  };
}

export function clearProgress() {
  if (process.stdout.isTTY) process.stdout.write("\r\u001B[K");
}

// @ts-check
// Garbage must not pass for memory that is held.
import process from "node:process";

/** RSS without garbage, as far as the runtime lets itself be asked. */
export async function collectedRssBytes() {
  for (let round = 0; round < 2; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}

function collectGarbage() {
  const { gc, Bun: bun } = /** @type {{ gc?: (options?: object) => void, Bun?: { gc(force: boolean): void } }} */ (
    globalThis
  );
  if (bun !== undefined) return bun.gc(true);
  gc?.();
  // Gives pages back too, where it is known: Deno keeps those that a burst of connections once filled.
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

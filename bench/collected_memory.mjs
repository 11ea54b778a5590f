// @ts-check
import process from "node:process";

/** Returns the memory that the process holds after a collection. */
export async function collectedMemory() {
  for (let round = 0; round < 2; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: "bun" in process.versions ? await bunHeapBytes() : heapUsed + external };
}

function collectGarbage() {
  const { gc, Bun: bun } = /** @type {{ gc?: (options?: object) => void, Bun?: { gc(force: boolean): void } }} */ (
    globalThis
  );
  if (bun !== undefined) return bun.gc(true);
  gc?.();
  // An engine that knows these options gives pages back too: Deno keeps those that a burst of connections has filled.
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

async function bunHeapBytes() {
  const name = "bun:jsc";
  const jsc = /** @type {{ heapStats(): { heapSize: number, extraMemorySize: number } }} */ (await import(name));
  const { heapSize, extraMemorySize } = jsc.heapStats();
  return heapSize + extraMemorySize;
}

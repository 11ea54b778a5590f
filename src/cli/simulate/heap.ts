import process from "node:process";
import type { Heap } from "../../testing/mod.ts";

/** Returns the heap of the process, or `undefined` on a runtime that collects no garbage on request. */
export async function heapOfProcess(): Promise<Heap | undefined> {
  const { Bun: bun } = globalThis as { Bun?: { readonly gc: (this: void, force: boolean) => void } };
  if (bun !== undefined) {
    // A name that no other runtime resolves.
    const jsc = "bun:jsc";
    const { heapStats } = (await import(jsc)) as { readonly heapStats: (this: void) => { readonly heapSize: number } };
    return {
      usedBytes: () => {
        bun.gc(true);
        return heapStats().heapSize;
      },
    };
  }
  const collect = await v8Collect();
  if (collect === undefined) return undefined;
  return {
    usedBytes: () => {
      collect();
      return process.memoryUsage().heapUsed;
    },
  };
}

async function v8Collect(): Promise<(() => void) | undefined> {
  try {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const gc: unknown = runInNewContext("gc");
    return typeof gc === "function" ? (gc as () => void) : undefined;
  } catch {
    return undefined;
  }
}

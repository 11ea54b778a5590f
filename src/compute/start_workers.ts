import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import { describe, SpillwayError } from "../core/mod.ts";
import type { PoolError, PoolErrorCode } from "./errors.ts";

/** Settings of {@link startWorkers}. */
export interface StartOptions {
  readonly size: number;
  readonly maxMemoryMb?: number;
  readonly onWorkerError: (error: PoolError) => void;
}

/** The worker's module, with the extension of this one: TypeScript in the sources, JavaScript in the build. */
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** The file that workers run. Passed with each task: a failure to load it would go unnoticed if it were passed at the start. */
export const WORKER_FILE: string = WORKER.protocol === "file:" ? fileURLToPath(WORKER) : WORKER.href;

/** Starts the worker threads. @throws {PoolError} `pool-unavailable` */
export async function startWorkers({ size, maxMemoryMb, onWorkerError }: StartOptions): Promise<Piscina> {
  if (WORKER.protocol !== "file:") {
    throw new SpillwayError<PoolErrorCode>("pool-unavailable", "workers are files: use spillway/compute from npm");
  }
  const piscina = new (await loadPiscina()).Piscina({
    minThreads: size,
    maxThreads: size,
    // A worker that waits with Atomics blocks its event loop: its timers would stop between two frames.
    atomics: "disabled",
    recordTiming: false,
    ...(maxMemoryMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb } }),
  });
  piscina.on("error", (cause: unknown) => {
    onWorkerError(
      new SpillwayError<PoolErrorCode>("worker-failed", `a worker without a frame failed: ${describe(cause)}`, {
        cause,
      }),
    );
  });
  return piscina;
}

async function loadPiscina() {
  try {
    return await import("piscina");
  } catch (cause) {
    throw new SpillwayError<PoolErrorCode>(
      "pool-unavailable",
      "the package piscina does not load: npm install piscina",
      { cause },
    );
  }
}

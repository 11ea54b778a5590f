import { lines, serve } from "spillway";
import { json } from "spillway/codecs";
import { isPoolError, type PoolErrorCode, pool } from "spillway/compute";
import * as core from "spillway/core";
import { manualClock, memoryTransport, simulate } from "spillway/testing";
import type { Reply, Request } from "./codecs.ts";
import { same } from "./equal.ts";

const module = new URL("file:///worker.js");

export async function pools(): Promise<void> {
  const words = pool(module, { size: 2, maxQueue: 10, onWorkerError: (error) => void error.code });
  await serve({ port: 0, codec: lines(), handler: words.handler });
  const documents = pool<Request, Reply>(module);
  await serve({ port: 0, codec: json<Request, Reply>(lines()), handler: documents.handler });
  same<Awaited<ReturnType<typeof documents.handler>>, Reply | undefined>(true);
  const failure: unknown = await words.ready().catch((error: unknown) => error);
  if (isPoolError(failure)) same<typeof failure.code, PoolErrorCode>(true);
  await words.close();
  // @ts-expect-error around requests, not lines
  await serve({ port: 0, codec: lines(), handler: documents.handler });
  // @ts-expect-error an option that there is not
  pool(module, { workers: 2 });
}

export function errors(thrown: unknown): void {
  const error = new core.SpillwayError("frame-invalid", "no");
  same<typeof error, core.SpillwayError>(true);
  const own = new core.SpillwayError<"quota-exceeded">("quota-exceeded", "no");
  same<typeof own.code, "quota-exceeded">(true);
  if (thrown instanceof core.SpillwayError) same<typeof thrown.code, core.ErrorCode>(true);
  // @ts-expect-error a code that there is not
  void new core.SpillwayError("frame-invalied", "no");
  // @ts-expect-error the code of an optional part is that part's
  void new core.SpillwayError("pool-closed", "no");
  // @ts-expect-error none of the core's codes
  void (error.code === "worker-failed");
}

export async function testing(): Promise<void> {
  const clock = manualClock();
  const server = await core.serve(memoryTransport(), { port: 0, clock, codec: lines(), handler: (line) => line });
  same<typeof server, core.Server<string, string, unknown>>(true);
  await simulate({
    seed: 1,
    service: () => ({ codec: lines(), handler: (line: string) => line }),
    client: () => {},
  });
}

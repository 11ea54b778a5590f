import { lines, serve } from "spillway";
import { json } from "spillway/codecs";
import { pool } from "spillway/compute";
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
  await words.close();
  // @ts-expect-error around requests, not lines
  await serve({ port: 0, codec: lines(), handler: documents.handler });
  // @ts-expect-error an option that there is not
  pool(module, { workers: 2 });
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

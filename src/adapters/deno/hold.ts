import { type HeldSocket, type ListenOptions, SpillwayError } from "../../core/mod.ts";

/** Deno's own listener cannot give its socket to another process. Rejects with `runtime-unsupported`. */
export function hold(_options: ListenOptions): Promise<HeldSocket> {
  const why = "Deno's own listener cannot be shared with other processes: import from spillway or spillway/node";
  return Promise.reject(new SpillwayError("runtime-unsupported", why));
}

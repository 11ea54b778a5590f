import { checkOptions, checkWhole, type OptionNames, type Service, systemClock } from "../core/mod.ts";
import { answer } from "./answer.ts";
import type { FleetHandler } from "./fleet_context.ts";
import { FAREWELL } from "./fleet_message.ts";
import { isProbe, PROBE, workerCodec } from "./remote/wire_protocol.ts";
import { checkTimeout } from "./times.ts";

/** Settings of {@link workService}. */
export interface WorkServiceOptions {
  /** The most frames that are handled at once, over all connections. Further frames wait unread. A whole number; default 16. */
  readonly concurrency?: number;
  /** The time for one frame: its requester gets `handler-timeout`. Default 30000. */
  readonly handlerTimeoutMs?: number;
  /** The most bytes of a frame or a reply, as in `remote`. Default 1 MiB. */
  readonly maxFrameBytes?: number;
}

const OPTIONS: OptionNames<WorkServiceOptions> = { concurrency: true, handlerTimeoutMs: true, maxFrameBytes: true };

/**
 * Returns the service of a worker of a {@link remote} fleet. An error that the handler throws goes to the requester alone, and the
 * connection continues. A server that drains says so: the requesters send frames that it has not handled to others.
 *
 * @throws {TypeError | RangeError} an invalid argument
 *
 * @example
 * ```ts
 * import { serve } from "spillway";
 * import { workService } from "spillway/compute";
 *
 * const work = workService((limit: string) => `${limit} is a number`, { concurrency: 4 });
 * await using server = await serve({ port: 0, ...work, signals: true });
 * console.log(server.sessions); // 0
 * ```
 */
export function workService<In = string, Out = In>(
  handler: FleetHandler<In, Out>,
  options: WorkServiceOptions = {},
): Service<Uint8Array> {
  if (typeof handler !== "function") throw new TypeError("handler must be a function");
  checkOptions(options, OPTIONS);
  const concurrency = checkWhole("concurrency", options.concurrency ?? 16);
  const maxFrameBytes = checkWhole("maxFrameBytes", options.maxFrameBytes ?? 1_048_576);
  const handlerTimeoutMs = checkTimeout("handlerTimeoutMs", options.handlerTimeoutMs ?? 30_000);
  const rules = { handlerTimeoutMs, maxBytes: maxFrameBytes + 1, clock: systemClock };
  return {
    codec: workerCodec(maxFrameBytes),
    concurrency,
    maxConcurrentHandlers: concurrency,
    // The deadline of `answer` fails one frame, and not the connection.
    handlerTimeoutMs: Infinity,
    // Requesters keep their connections.
    idleTimeoutMs: Infinity,
    handler: (message, context) => (isProbe(message) ? PROBE : answer(handler, message, context.signal, rules)),
    onDrain: async ({ draining }) => {
      // Only as the last frame does the farewell prove that what has no reply was not handled.
      if (!draining.aborted) await new Promise((resolve) => draining.addEventListener("abort", resolve));
      return FAREWELL;
    },
  };
}

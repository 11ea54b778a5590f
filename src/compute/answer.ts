import { type Clock, SpillwayError } from "../core/mod.ts";
import { fleetError } from "./errors.ts";
import { type FleetContext, type FleetHandler, fleetContext } from "./fleet_context.ts";
import { packError, packValue, unpackRequest } from "./fleet_message.ts";

/** The rules of {@link answer}. */
export interface AnswerOptions {
  readonly handlerTimeoutMs: number;
  /** The most bytes of a reply. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Called with the error that the handler threw. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Runs the handler of a worker on a message, and returns the message that answers it. Never rejects: an error of the handler is an
 * answer. A handler that takes too long is answered for, and its signal aborts.
 */
export async function answer(
  handler: FleetHandler<never, unknown>,
  message: Uint8Array,
  outer: AbortSignal,
  options: AnswerOptions,
  delivery: Omit<FleetContext, "signal"> = {},
): Promise<Uint8Array> {
  const { clock, handlerTimeoutMs, maxBytes } = options;
  const controller = new AbortController();
  let giveUp!: (reason: unknown) => void;
  const given = new Promise<never>((_, reject) => {
    giveUp = (reason) => {
      // Whatever the reason of a signal is, it is the error.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(reason);
      controller.abort(reason);
    };
  });
  // The handler may win, and end first.
  given.catch(() => undefined);
  const onAbort = () => giveUp(outer.reason);
  if (outer.aborted) onAbort();
  else outer.addEventListener("abort", onAbort, { once: true });
  const timer =
    handlerTimeoutMs === Infinity
      ? undefined
      : clock.setTimeout(
          () => giveUp(new SpillwayError("handler-timeout", `the handler took longer than ${handlerTimeoutMs} ms`)),
          handlerTimeoutMs,
        );
  try {
    const frame = unpackRequest(message) as never;
    const context = fleetContext({ ...delivery, signal: controller.signal });
    const reply = packValue(await Promise.race([given, (async () => handler(frame, context))()]));
    if (reply.length <= maxBytes) return reply;
    return packError(
      fleetError("payload-too-large", `a reply of ${reply.length} bytes; the fleet carries ${maxBytes}`),
    );
  } catch (error) {
    options.onError?.(error);
    return packError(error);
  } finally {
    clock.clearTimeout(timer);
    outer.removeEventListener("abort", onAbort);
  }
}

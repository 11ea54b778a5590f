import { lines, type Service } from "../../mod.ts";

/** Settings of {@link compute}. */
export interface ComputeOptions {
  /** The duration of a computation; at most 2^31 - 1. Default 2000. */
  readonly delayMs?: number;
  /** The longest line, in bytes. */
  readonly maxFrameBytes?: number;
}

/** The default duration of a computation. */
export const DEFAULT_DELAY_MS: number = 2_000;
/** The time that a computation may take beyond its delay before the handler deadline aborts it. */
const HANDLER_TIMEOUT_MS = 30_000;

/** Returns a service that answers an integer with the next one, after a delay. */
export function compute({ delayMs = DEFAULT_DELAY_MS, ...limits }: ComputeOptions = {}): Service<string> {
  return {
    codec: lines(limits),
    handler:
      delayMs === 0
        ? computed
        : async (line, { signal }) => {
            await sleep(delayMs, signal);
            return computed(line);
          },
    handlerTimeoutMs: delayMs < HANDLER_TIMEOUT_MS ? HANDLER_TIMEOUT_MS : delayMs + HANDLER_TIMEOUT_MS,
  };
}

/** The timer is that of the global object, which a simulation replaces. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Returns the reply to a line. */
export function computed(line: string): string {
  const received = line.trim();
  if (!/^[+-]?\d+$/.test(received)) return `cannot compute, received: '${received}'`;
  // BigInt does not parse a plus sign.
  return `result: ${BigInt(received.replace("+", "")) + 1n} (processed '${received}')`;
}

import { setTimeout as sleep } from "node:timers/promises";
import { lines, type Service } from "../../mod.ts";

/** Settings of {@link compute}. */
export interface ComputeOptions {
  /** How long a computation takes; at most 2^31 - 1. Default 2000. */
  readonly delayMs?: number;
  /** The longest line, in bytes. */
  readonly maxFrameBytes?: number;
}

/** How long a computation takes unless something else was asked for. */
export const DEFAULT_DELAY_MS: number = 2_000;
/** What a computation may take beyond its delay before the handler deadline cuts it. */
const HANDLER_TIMEOUT_MS = 30_000;

/** Takes its time, and answers an integer with the next one. */
export function compute({ delayMs = DEFAULT_DELAY_MS, ...limits }: ComputeOptions = {}): Service<string> {
  return {
    codec: lines(limits),
    handler:
      delayMs === 0
        ? computed
        : async (line, { signal }) => {
            await sleep(delayMs, undefined, { signal });
            return computed(line);
          },
    handlerTimeoutMs: delayMs < HANDLER_TIMEOUT_MS ? HANDLER_TIMEOUT_MS : delayMs + HANDLER_TIMEOUT_MS,
  };
}

/** The reply to a line. */
export function computed(line: string): string {
  const received = line.trim();
  if (!/^[+-]?\d+$/.test(received)) return `cannot compute, received: '${received}'`;
  // BigInt does not read a plus sign.
  return `result: ${BigInt(received.replace("+", "")) + 1n} (processed '${received}')`;
}

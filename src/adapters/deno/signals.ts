import type { SignalSource } from "../../core/mod.ts";

/** Returns the signals of this process. */
export function signals(): SignalSource {
  const { process } = globalThis as unknown as { process: SignalSource };
  return process;
}

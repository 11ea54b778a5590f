import type { SignalSource } from "../../core/mod.ts";

/** What tells of this process's signals. */
export function signals(): SignalSource {
  const { process } = globalThis as unknown as { process: SignalSource };
  return process;
}

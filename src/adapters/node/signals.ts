import process from "node:process";
import type { SignalSource } from "../../core/mod.ts";

/** Returns the signals of this process. */
export function signals(): SignalSource {
  return process;
}

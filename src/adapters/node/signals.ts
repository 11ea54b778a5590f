import process from "node:process";
import type { SignalSource } from "../../core/mod.ts";

/** What tells of this process's signals. */
export function signals(): SignalSource {
  return process;
}

import process from "node:process";
import type { WriteText } from "../core/mod.ts";
import { openWithoutBlocking, writeOrRetry } from "./standard_writer.ts";

/**
 * Returns a function that writes to the terminal behind stdout and never blocks the process: one that is held with Ctrl-S,
 * or whose window has stopped reading, must not make signals wait.
 */
export function screenWriter(): WriteText {
  const encoder = new TextEncoder();
  const descriptor = openWithoutBlocking(1);
  if (descriptor !== undefined) return (text, done) => writeOrRetry(descriptor, encoder.encode(text), done);
  return (text, done) => void process.stdout.write(text, () => done());
}

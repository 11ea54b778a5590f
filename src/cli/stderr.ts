import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers";
import type { WriteText } from "./log_output.ts";

/** The delay before a write is retried after the reader took nothing. */
const RETRY_MS = 50;

interface DenoStderr {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Returns a function that writes to stderr and never blocks the process.
 *
 * A write to `process.stderr` always blocks on Deno. On all runtimes it blocks when stderr is a terminal that the user holds with
 * Ctrl-S. So Deno writes in a thread of its own, and Node and Bun write to a non-blocking descriptor.
 */
export function stderrWriter(): WriteText {
  const { Deno } = globalThis as { Deno?: { readonly stderr: DenoStderr } };
  const encoder = new TextEncoder();
  if (Deno !== undefined) {
    const { stderr } = Deno;
    return (text, done) => void writeWhole(stderr, encoder.encode(text), done);
  }
  const descriptor = openWithoutBlocking(2);
  if (descriptor !== undefined) return (text, done) => writeOrRetry(descriptor, encoder.encode(text), done);
  return (text, done) => void process.stderr.write(text, () => done());
}

async function writeWhole(stderr: DenoStderr, bytes: Uint8Array, done: () => void): Promise<void> {
  try {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await stderr.write(rest));
  } catch {
    // The reader is gone; the text is discarded.
  }
  done();
}

/**
 * Opens the pipe or terminal behind a standard stream a second time: O_NONBLOCK belongs to the open file, and the first open file is shared
 * with other processes. A regular file is left alone, as a second open file has a position of its own.
 */
export function openWithoutBlocking(standard: 1 | 2): number | undefined {
  const { O_APPEND, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  try {
    const stream = fstatSync(standard);
    if (!stream.isFIFO() && !stream.isCharacterDevice()) return undefined;
    const descriptor = openSync(`/proc/self/fd/${standard}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
    if (fstatSync(descriptor).ino === stream.ino) return descriptor;
    closeSync(descriptor);
  } catch {
    // The system is not Linux, or the file may not be opened.
  }
  return undefined;
}

/** Writes to a descriptor that does not block; what it does not take is written later. */
export function writeOrRetry(descriptor: number, bytes: Uint8Array, done: () => void): void {
  let rest = bytes;
  while (rest.length > 0) {
    let written = 0;
    try {
      written = writeSync(descriptor, rest);
    } catch (error) {
      // The reader is gone; the text is discarded.
      if ((error as { code?: unknown }).code !== "EAGAIN") break;
    }
    rest = rest.subarray(written);
    if (written === 0 && rest.length > 0) {
      setTimeout(() => writeOrRetry(descriptor, rest, done), RETRY_MS);
      return;
    }
  }
  done();
}

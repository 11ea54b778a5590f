import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers";
import type { WriteText } from "../core/mod.ts";

/** The delay before a write is retried after the reader took nothing. */
const RETRY_MS = 50;

/** The standard streams that are written to, with their descriptors. */
const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

interface DenoWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Returns a function that writes to stdout or stderr and never blocks the process. A text is lost when the reader is gone.
 *
 * A write to `process.stderr` always blocks on Deno. On all runtimes it blocks when it is a terminal that the user holds with
 * Ctrl-S. So Deno writes in a thread of its own, and Node and Bun write to a non-blocking descriptor.
 */
export function standardWriter(name: keyof typeof DESCRIPTORS): WriteText {
  const { Deno } = globalThis as { Deno?: Readonly<Record<keyof typeof DESCRIPTORS, DenoWriter>> };
  const encoder = new TextEncoder();
  if (Deno !== undefined) {
    const stream = Deno[name];
    return (text, done) => void writeWhole(stream, encoder.encode(text), done);
  }
  const descriptor = openWithoutBlocking(DESCRIPTORS[name]);
  if (descriptor !== undefined) return (text, done) => writeOrRetry(descriptor, encoder.encode(text), done);
  return (text, done) => void process[name].write(text, (error) => done(error));
}

async function writeWhole(stream: DenoWriter, bytes: Uint8Array, done: (error?: unknown) => void): Promise<void> {
  try {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await stream.write(rest));
  } catch (error) {
    done(error);
    return;
  }
  done();
}

/**
 * Opens the pipe or terminal behind a descriptor a second time: O_NONBLOCK belongs to the open file, and the first open file is
 * shared with other processes. A regular file is left alone, as a second open file has a position of its own.
 */
export function openWithoutBlocking(standard: number): number | undefined {
  const { O_APPEND, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  try {
    const stats = fstatSync(standard);
    if (!stats.isFIFO() && !stats.isCharacterDevice()) return undefined;
    const descriptor = openSync(`/proc/self/fd/${standard}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
    if (fstatSync(descriptor).ino === stats.ino) return descriptor;
    closeSync(descriptor);
  } catch {
    // The system is not Linux, or the file may not be opened.
  }
  return undefined;
}

/** Writes to a descriptor that does not block; what it does not take is written later. */
export function writeOrRetry(descriptor: number, bytes: Uint8Array, done: (error?: unknown) => void): void {
  let rest = bytes;
  while (rest.length > 0) {
    let written = 0;
    try {
      written = writeSync(descriptor, rest);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EAGAIN") {
        done(error);
        return;
      }
    }
    rest = rest.subarray(written);
    if (written === 0 && rest.length > 0) {
      setTimeout(() => writeOrRetry(descriptor, rest, done), RETRY_MS);
      return;
    }
  }
  done();
}

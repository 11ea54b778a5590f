import type { Writable } from "node:stream";
import { firstLine, runFailure } from "./failure.ts";

/** The codes of a write to a pipe without a reader, and to a stream on which such a write has failed. */
const CLOSED: ReadonlySet<string> = new Set(["EPIPE", "ERR_STREAM_DESTROYED", "EBADF"]);

/** Reports whether a write has failed because nobody reads any more. */
export function isClosed(error: unknown): boolean {
  return CLOSED.has((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * Writes to stdout; fulfils when stdout has taken it.
 *
 * @throws {StdoutClosed} nobody reads stdout any more
 * @throws {Failure} stdout cannot be written, such as to a full disk
 */
export async function writeOut(stdout: Writable, bytes: Uint8Array | string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      // Deno throws where the others call back.
      stdout.write(bytes, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  } catch (cause) {
    if (isClosed(cause)) throw new StdoutClosed("closed", { cause });
    throw runFailure(`cannot write to stdout: ${firstLine(cause)}`, { cause });
  }
}

/**
 * Writes a result to stdout; fulfils when stdout has taken it, or nobody reads it any more.
 *
 * @throws {Failure} stdout cannot be written, such as to a full disk
 */
export async function printOut(stdout: Writable, text: string): Promise<void> {
  try {
    await writeOut(stdout, text);
  } catch (error) {
    if (!(error instanceof StdoutClosed)) throw error;
  }
}

/** Nobody reads stdout any more. */
export class StdoutClosed extends Error {
  override readonly name = "StdoutClosed";
}

import { constants, type Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { access, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import type { WriteText } from "../core/mod.ts";

/** The permissions of a file that is created. */
const MODE = 0o640;
/**
 * The most bytes that a pipe of Linux takes whole or not at all (PIPE_BUF). Of a longer write, Deno does not tell how many bytes a
 * full pipe has taken.
 */
const PIPE_BYTES = 4_096;
/** The delay before a pipe that took nothing is tried again. */
const RETRY_MS = 50;
/** The delay before a file that could not be opened or written is tried again; it is also looked for a rotated file so often. */
const REOPEN_MS = 1_000;

/** Hears of a file that cannot be written, once, and that it can be written again. */
export interface FileEvents {
  readonly onFault: (error: unknown) => void;
  readonly onRecovered: () => void;
}

/**
 * A file, or a pipe with a name, to which text is appended in the background. Nothing waits for it: while a disk is full or
 * nobody reads a pipe, `write` does not call `done`.
 *
 * - **Rotation**: when another file, or none, is at the path, it is opened anew, at most a second later. Every write goes to
 *   the end of the file, so it may also be truncated.
 * - **Faults** are tried again every second, from the byte that was not written. Deno does not tell which that is: after a full
 *   disk, some lines may come twice there.
 */
export class AppendedFile {
  readonly #path: string;
  readonly #events: FileEvents;
  readonly #encoder = new TextEncoder();
  #file: FileHandle | undefined;
  /** The identity of the file that is open. */
  #identity = "";
  #lookedAt = 0;
  /** The most bytes of one write. */
  #mostBytes = Infinity;
  #faulty = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(path: string, events: FileEvents) {
    this.#path = path;
    this.#events = events;
  }

  /**
   * Opens the file if it is there, so that a path which makes no sense is known at the start. A file is created for the first
   * text. A pipe is left for that too: it opens when somebody reads it.
   *
   * @throws {Error} it cannot be opened, or there is no such folder
   */
  async check(): Promise<void> {
    const found = await statOf(this.#path);
    if (found === undefined) await access(dirname(this.#path), constants.W_OK);
    else if (!found.isFIFO()) await this.#open();
  }

  readonly write: WriteText = (text, done) => {
    void this.#append(this.#encoder.encode(text), done);
  };

  /** Gives up what is not written. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    await this.#shut();
  }

  async #append(bytes: Uint8Array, done: () => void): Promise<void> {
    let rest = bytes;
    await this.#followRotation();
    while (rest.length > 0) {
      if (this.#closed) return;
      try {
        rest = rest.subarray(await this.#writeSome(rest));
        this.#recovered();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
          await this.#wait(RETRY_MS);
          continue;
        }
        await this.#shut();
        this.#fail(error);
        await this.#wait(REOPEN_MS);
      }
    }
    done();
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    const file = this.#file ?? (await this.#open());
    const { bytesWritten } = await file.write(bytes, 0, Math.min(bytes.length, this.#mostBytes), null);
    return bytesWritten;
  }

  async #open(): Promise<FileHandle> {
    const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
    const file = await open(this.#path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE);
    const stats = await file.stat({ bigint: true });
    this.#identity = identityOf(stats);
    this.#mostBytes = stats.isFIFO() ? PIPE_BYTES : Infinity;
    this.#lookedAt = performance.now();
    this.#file = file;
    return file;
  }

  async #followRotation(): Promise<void> {
    const now = performance.now();
    if (this.#file === undefined || now - this.#lookedAt < REOPEN_MS) return;
    this.#lookedAt = now;
    try {
      if (identityOf(await stat(this.#path, { bigint: true })) === this.#identity) return;
    } catch {
      // Nothing is there.
    }
    await this.#shut();
  }

  async #shut(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.close();
    } catch {
      // Its lines were written, or are lost.
    }
  }

  #fail(error: unknown): void {
    if (this.#faulty || this.#closed) return;
    this.#faulty = true;
    this.#events.onFault(error);
  }

  #recovered(): void {
    if (!this.#faulty) return;
    this.#faulty = false;
    this.#events.onRecovered();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, ms);
    });
  }
}

/** @throws {Error} it cannot be looked at, for another reason than that it is not there */
async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

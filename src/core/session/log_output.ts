/**
 * Writes text, of whole lines, to its destination. Calls `done` once, when the destination has accepted the text: at once,
 * later, or never. An error means that the text is lost.
 */
export type WriteText = (text: string, done: (error?: unknown) => void) => void;

/** The most characters that wait for a blocked destination: some thousands of lines. */
const MAX_WAITING_CHARACTERS = 1_048_576;

/**
 * The destination of log lines: bounded, and never waited for. A blocked destination, because the reader of a pipe has
 * stopped, the disk is full or the terminal is held, costs lines but does not stop the server.
 *
 * - **Owns** the lines until `write` has accepted them: one write at a time, of all lines that wait.
 * - **When full** drops the newest lines and counts them; `onDropped` reports the number, after the lines that waited.
 *
 * @example
 * ```ts
 * import { LogOutput } from "spillway/core";
 *
 * const written: string[] = [];
 * const output = new LogOutput((text, done) => {
 *   written.push(text);
 *   done();
 * });
 * output.add("one line\n");
 * console.log(written, output.unwritten); // [ "one line\n" ] 0
 * ```
 */
export class LogOutput {
  /** Called with the number of dropped lines when lines can be written again. It may add a line. */
  onDropped: (lines: number) => void = () => undefined;
  readonly #write: WriteText;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  /** The number of lines that the destination has been given, and has not accepted. */
  #writing = 0;
  #dropped = 0;
  #onFlushed: (() => void)[] = [];

  /** Writes with `write`, which gets the next text when it has called back. */
  constructor(write: WriteText) {
    this.#write = write;
  }

  /** The number of lines that the destination has not accepted. */
  get unwritten(): number {
    return this.#writing + this.#waiting.length;
  }

  /** Fulfils when no line waits any more. */
  flushed(): Promise<void> {
    if (this.unwritten === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onFlushed.push(resolve));
  }

  /** Adds a line, which includes its line break. Returns false if it was dropped. */
  add(line: string): boolean {
    if (this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.#dropped += 1;
      return false;
    }
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (this.#writing === 0) this.#writeWaiting();
    return true;
  }

  #writeWaiting(): void {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join("");
      this.#writing = this.#waiting.length;
      this.#waiting = [];
      this.#waitingCharacters = 0;
      let returned = false;
      this.#write(text, () => {
        this.#writing = 0;
        if (returned) this.#writeWaiting();
      });
      returned = true;
      if (this.#isWriting()) return;
    }
    this.#tellDropped();
    // A report of dropped lines may have added one.
    if (this.unwritten === 0) for (const resolve of this.#onFlushed.splice(0)) resolve();
  }

  /** Whether the destination has a text that it has not accepted. */
  #isWriting(): boolean {
    return this.#writing > 0;
  }

  #tellDropped(): void {
    const dropped = this.#dropped;
    if (dropped === 0) return;
    this.#dropped = 0;
    this.onDropped(dropped);
  }
}

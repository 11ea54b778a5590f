/** Writes text to its destination. Calls `done` when the destination has accepted the text: at once, later, or never. */
export type WriteText = (text: string, done: () => void) => void;

/** The most characters that wait for a blocked destination: some thousands of lines. */
const MAX_WAITING_CHARACTERS = 1_048_576;

/**
 * The destination of log lines: bounded, and never waited for. A blocked stderr, because the reader of the pipe has stopped or
 * the terminal is held, costs lines but does not stop the server.
 *
 * - **Owns** the lines until `write` has accepted them: one write at a time, of all lines that wait.
 * - **When full** drops the newest lines and counts them; `onDropped` reports the number, after the lines that waited.
 */
export class LogOutput {
  /** Called with the number of dropped lines when lines can be written again. It may add a line. */
  onDropped: (lines: number) => void = () => undefined;
  readonly #write: WriteText;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #writing = false;
  #dropped = 0;

  constructor(write: WriteText) {
    this.#write = write;
  }

  /** Adds a line, which includes its line break. */
  add(line: string): void {
    if (this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#writing) this.#writeWaiting();
  }

  #writeWaiting(): void {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join("");
      this.#waiting = [];
      this.#waitingCharacters = 0;
      this.#writing = true;
      let returned = false;
      this.#write(text, () => {
        this.#writing = false;
        if (returned) this.#writeWaiting();
      });
      returned = true;
      if (this.#writing) return;
    }
    this.#tellDropped();
  }

  #tellDropped(): void {
    const dropped = this.#dropped;
    if (dropped === 0) return;
    this.#dropped = 0;
    this.onDropped(dropped);
  }
}

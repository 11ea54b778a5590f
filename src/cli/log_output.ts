/** Hands text to whoever shows or stores it. Calls `done` when that has taken the text: at once, later, or never. */
export type WriteText = (text: string, done: () => void) => void;

/** How many characters wait for a destination that takes nothing: some thousands of lines. */
const MAX_WAITING_CHARACTERS = 1_048_576;

/**
 * Where log lines go: bounded, and never waited for. A stderr that is blocked, because the reader of the pipe has stopped or
 * the terminal is held, costs lines and not the server.
 *
 * - **Owns** the lines until `write` has taken them: one write at a time, of all that wait.
 * - **When full** drops the newest lines and counts them; `onDropped` tells how many, behind the lines that waited.
 */
export class LogOutput {
  /** Called when lines can be written again, with how many were dropped meanwhile. It may add a line. */
  onDropped: (lines: number) => void = () => undefined;
  readonly #write: WriteText;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #writing = false;
  #dropped = 0;

  constructor(write: WriteText) {
    this.#write = write;
  }

  /** Takes a line, with its line break. */
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

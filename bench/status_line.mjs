// @ts-check

/** @typedef {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} Terminal */

/** For a terminal that does not know its width. */
const USUAL_COLUMNS = 80;
const CLEAR = "\r\u001B[K";

/** One line on a terminal that says what the bench is doing. Without a terminal it says nothing. */
export class StatusLine {
  /** @param {Terminal} terminal */
  constructor(terminal) {
    this.terminal = terminal;
  }

  /** @param {string} text */
  say(text) {
    const { isTTY = false, columns = USUAL_COLUMNS } = this.terminal;
    if (isTTY) this.terminal.write(`${CLEAR}${text.slice(0, columns - 1)}`);
  }

  clear() {
    this.say("");
  }
}

import { clearTimeout, setTimeout } from "node:timers";
import type { WriteText } from "../../core/mod.ts";
import type { Stdio } from "../stdio.ts";
import { type Line, paintedLine } from "./line.ts";
import type { Size } from "./screen.ts";

/** The alternate screen, without a cursor, and without a next line for a line that is too long. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/** A terminal that is held with Ctrl-S takes nothing. */
const CLOSE_MS = 500;
/** A terminal that does not say its size. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/**
 * The screen of a terminal as a whole. Only lines that have changed are written. While the terminal takes nothing, one
 * screen waits: the latest.
 */
export class Terminal {
  readonly #stdio: Stdio;
  readonly #screen: WriteText;
  readonly #colors: boolean;
  #shown: readonly string[] = [];
  #next: readonly string[] | undefined;
  #writing = false;
  #open = false;

  constructor(stdio: Stdio, colors: boolean) {
    this.#stdio = stdio;
    this.#screen = stdio.screen;
    this.#colors = colors;
  }

  get size(): Size {
    const { columns = 0, rows = 0 } = this.#stdio.stdout;
    return {
      columns: columns > 0 ? columns : DEFAULT_SIZE.columns,
      rows: rows > 0 ? rows : DEFAULT_SIZE.rows,
    };
  }

  /** Takes the screen and the keys. */
  open(): void {
    this.#open = true;
    this.#stdio.stdin.setRawMode?.(true);
    this.#write(ENTER);
  }

  /** Shows lines, as many as the screen has rows. */
  show(lines: readonly Line[]): void {
    if (!this.#open) return;
    this.#next = lines.map((one) => paintedLine(one, this.#colors));
    if (!this.#writing) this.#writeNext();
  }

  /** Makes the next `show` write every line: the terminal has another size, or another program has written to it. */
  forget(): void {
    this.#shown = [];
    if (this.#open) this.#stdio.stdin.setRawMode?.(true);
  }

  /** Gives the screen and the keys back; fulfils when the terminal has taken that, or takes nothing. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#next = undefined;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      this.#screen(LEAVE, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    try {
      this.#stdio.stdin.setRawMode?.(false);
    } catch {
      // The terminal is gone.
    }
  }

  #writeNext(): void {
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    const all = this.#shown.length !== next.length;
    const changed = next.flatMap((text, index) =>
      !all && text === this.#shown[index] ? [] : [`\x1b[${index + 1};1H${text}\x1b[K`],
    );
    this.#shown = next;
    if (all) changed.unshift("\x1b[2J");
    if (changed.length > 0) this.#write(changed.join(""));
  }

  #write(text: string): void {
    this.#writing = true;
    let returned = false;
    this.#screen(text, () => {
      this.#writing = false;
      if (returned) this.#writeNext();
    });
    returned = true;
    if (!this.#writing) this.#writeNext();
  }
}

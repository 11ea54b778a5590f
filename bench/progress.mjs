// @ts-check
// One line that says where the bench is, and about how long it will go on.

/** @typedef {{ title: string, work: string }} Step a work on one runtime */
/** @typedef {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} Terminal */

/** What is no terminal keeps every line. */
const SECONDS_BETWEEN_LINES = 10;
/** Where a terminal does not know its width. */
const USUAL_COLUMNS = 80;
const CLEAR = "\r\u001B[K";

export class Progress {
  #steps;
  #terminal;
  #now;
  #current = -1;
  #began = 0;
  /** Of the line that was written last. */
  #written = Number.NEGATIVE_INFINITY;
  /** What works took so far, in seconds. @type {Map<string, number[]>} */
  #took = new Map();

  /**
   * @param {Step[]} steps in their order
   * @param {Terminal} terminal
   * @param {() => number} [now] seconds
   */
  constructor(steps, terminal, now = () => performance.now() / 1_000) {
    this.#steps = steps;
    this.#terminal = terminal;
    this.#now = now;
  }

  /** The next step begins. */
  begin() {
    this.#current += 1;
    this.#began = this.#now();
    this.#written = Number.NEGATIVE_INFINITY;
    this.say("begins");
  }

  /** @param {string} text what the step is doing */
  say(text) {
    const { isTTY = false, columns = 0 } = this.#terminal;
    const line = this.#line(text);
    if (isTTY) this.#terminal.write(`${CLEAR}${line.slice(0, (columns > 0 ? columns : USUAL_COLUMNS) - 1)}`);
    else if (this.#now() - this.#written >= SECONDS_BETWEEN_LINES) {
      this.#written = this.#now();
      this.#terminal.write(`${line}\n`);
    }
  }

  /** The step is over; the terminal is free for something else. */
  end() {
    const { work = "" } = this.#steps[this.#current] ?? {};
    this.#took.set(work, [...(this.#took.get(work) ?? []), this.#now() - this.#began]);
    this.clear();
  }

  clear() {
    if (this.#terminal.isTTY) this.#terminal.write(CLEAR);
  }

  /** @param {string} text */
  #line(text) {
    const { title = "", work = "" } = this.#steps[this.#current] ?? {};
    const place = `[${this.#current + 1}/${this.#steps.length}] ${title}, ${work}`;
    const left = this.#secondsLeft();
    return left === undefined ? `${place}: ${text}` : `${place}, about ${duration(left)} left: ${text}`;
  }

  /** Unknown until a step has ended. */
  #secondsLeft() {
    if (this.#took.size === 0) return undefined;
    const [current = 0, ...later] = this.#steps.slice(this.#current).map(({ work }) => this.#expected(work));
    return later.reduce((sum, seconds) => sum + seconds, Math.max(0, current - (this.#now() - this.#began)));
  }

  /** What this work took on other runtimes; else what any work took. @param {string} work */
  #expected(work) {
    const took = this.#took.get(work) ?? [...this.#took.values()].flat();
    return took.reduce((sum, seconds) => sum + seconds, 0) / took.length;
  }
}

/** @param {number} seconds */
function duration(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.ceil(seconds / 10)) * 10} s` : `${Math.ceil(seconds / 60)} min`;
}

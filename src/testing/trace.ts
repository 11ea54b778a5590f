const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * A log of events, line by line, and a hash of it.
 *
 * The lines of one instant are sorted by their subject: two runtimes may reach the same point after a different number of
 * microtasks.
 */
export class Trace {
  /** All lines, if they are kept. */
  readonly lines: string[] = [];
  #hash = OFFSET;
  readonly #keep: boolean;
  #tick: { readonly whom: number; readonly text: string }[] = [];

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  /** The hash of all lines: FNV-1a, 32 bits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  add(whom: number, text: string): void {
    this.#tick.push({ whom, text });
  }

  /** Writes the lines of a tick, when all consequences of one event have happened. */
  endTick(now: number): void {
    if (this.#tick.length === 0) return;
    if (this.#tick.length > 1) this.#tick.sort((one, other) => one.whom - other.whom);
    for (const { text } of this.#tick) this.#write(`${now.toFixed(3)} ${text}`);
    this.#tick = [];
  }

  #write(line: string): void {
    let hash = this.#hash;
    for (let at = 0; at < line.length; at++) hash = Math.imul(hash ^ line.charCodeAt(at), PRIME);
    this.#hash = Math.imul(hash ^ 0x0a, PRIME);
    if (this.#keep) this.lines.push(line);
  }
}

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * What happened, line by line, and a hash of it.
 *
 * Lines of one instant are sorted by whom they are about: two runtimes may get there in a different number of microtasks.
 */
export class Trace {
  /** All lines, if they are kept. */
  readonly lines: string[] = [];
  #hash = OFFSET;
  readonly #keep: boolean;
  #turn: { readonly whom: number; readonly text: string }[] = [];

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  /** FNV-1a, 32 bits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  add(whom: number, text: string): void {
    this.#turn.push({ whom, text });
  }

  /** All that follows from one event has happened. */
  endTurn(now: number): void {
    if (this.#turn.length === 0) return;
    if (this.#turn.length > 1) this.#turn.sort((one, other) => one.whom - other.whom);
    for (const { text } of this.#turn) this.#write(`${now.toFixed(3)} ${text}`);
    this.#turn = [];
  }

  #write(line: string): void {
    let hash = this.#hash;
    for (let at = 0; at < line.length; at++) hash = Math.imul(hash ^ line.charCodeAt(at), PRIME);
    this.#hash = Math.imul(hash ^ 0x0a, PRIME);
    if (this.#keep) this.lines.push(line);
  }
}

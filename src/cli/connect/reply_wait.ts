import { clearTimeout, setTimeout } from "node:timers";

/** The deadline of a peer: it expires when no byte has moved for a time while something was expected of the peer. */
export class ReplyWait {
  /** Whether the peer is not to blame: this side does not read. */
  held = false;
  readonly #ms: number;
  readonly #onExpired: () => void;
  #lastAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ms`: `Infinity` never expires. */
  constructor(ms: number, onExpired: () => void) {
    this.#ms = ms;
    this.#onExpired = onExpired;
  }

  /** From now on something is expected. */
  start(): void {
    this.touch();
    if (this.#ms !== Infinity && this.#timer === undefined) this.#arm(this.#ms);
  }

  /** Bytes have moved. */
  touch(): void {
    this.#lastAt = performance.now();
  }

  /** From now on nothing is expected. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => {
      if (this.held) this.touch();
      const rest = this.#lastAt + this.#ms - performance.now();
      if (rest > 0) this.#arm(Math.ceil(rest));
      else this.#onExpired();
    }, ms);
  }
}

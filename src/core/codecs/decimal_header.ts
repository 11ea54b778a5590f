import { SpillwayError } from "../errors/errors.ts";
import type { FrameInput } from "./frame_input.ts";
import type { Header } from "./prefixed_decoder.ts";

export const ZERO = 0x30;
const NINE = 0x39;

/** Reports whether a byte is an ASCII digit. */
export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** A length in decimal digits without a leading zero, followed by one terminating byte. */
export class DecimalHeader implements Header {
  readonly #end: number;
  readonly #trailerBytes: number;
  #digits = 0;
  #length = 0;

  /** `trailerBytes` follow each payload and are not included in its length. */
  constructor(end: number, trailerBytes: number) {
    this.#end = end;
    this.#trailerBytes = trailerBytes;
  }

  read(input: FrameInput): number | undefined {
    for (let byte = input.byte(); byte >= 0; byte = input.byte()) {
      if (!isDigit(byte)) return this.#take(byte);
      this.#addDigit(byte - ZERO);
    }
    return undefined;
  }

  #take(byte: number): number {
    if (byte !== this.#end || this.#digits === 0)
      throw new SpillwayError("frame-invalid", "a length that is no number");
    const length = this.#length;
    this.#digits = this.#length = 0;
    return length + this.#trailerBytes;
  }

  #addDigit(digit: number): void {
    if (this.#digits > 0 && this.#length === 0)
      throw new SpillwayError("frame-invalid", "a length with a leading zero");
    this.#digits += 1;
    this.#length = this.#length * 10 + digit;
    if (this.#length >= Number.MAX_SAFE_INTEGER) throw new SpillwayError("frame-invalid", "a length above 2^53 - 1");
  }
}

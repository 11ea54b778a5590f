/** A framing as the peer of a server does it, independent of Spillway's codecs. Frames are ASCII. */
export interface Framing {
  /** The bytes of a frame. */
  frame(text: string): string;
  /**
   * Where the frame that begins at `at` has its payload, and where the next one begins; `undefined` when it is not whole.
   *
   * @throws {Error} there is no frame
   */
  find(text: string, at: number): { readonly start: number; readonly end: number; readonly next: number } | undefined;
}

export const LINES: Framing = {
  frame: (text) => `${text}\n`,
  find: (text, at) => {
    const end = text.indexOf("\n", at);
    return end < 0 ? undefined : { start: at, end, next: end + 1 };
  },
};

/** Behind a length of 4 bytes. */
export const PREFIXED: Framing = {
  frame: (text) => {
    const { length } = text;
    return String.fromCharCode(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) + text;
  },
  find: (text, at) => {
    const start = at + 4;
    if (start > text.length) return undefined;
    let length = 0;
    for (let digit = at; digit < start; digit++) length = length * 256 + text.charCodeAt(digit);
    const end = start + length;
    return end > text.length ? undefined : { start, end, next: end };
  },
};

export const NETSTRINGS: Framing = {
  frame: (text) => `${text.length}:${text},`,
  find: (text, at) => {
    const colon = text.indexOf(":", at);
    const length = text.slice(at, colon < 0 ? undefined : colon);
    if (!/^\d{0,9}$/.test(length)) throw new Error(`no netstring: ${JSON.stringify(length.slice(0, 40))}`);
    if (colon < 0) return undefined;
    const end = colon + 1 + Number(length);
    return end >= text.length ? undefined : { start: colon + 1, end, next: end + 1 };
  },
};

/** Finds the frames in bytes, cut anywhere, that came as Latin-1. */
export class Unframer {
  /** May change with a frame: what is behind it is framed so. */
  framing: Framing;
  #rest = "";

  constructor(framing: Framing) {
    this.framing = framing;
  }

  /** Whether a frame has begun that is not whole. */
  get midFrame(): boolean {
    return this.#rest !== "";
  }

  /** Calls back with each frame that is whole now. */
  push(text: string, onFrame: (frame: string) => void): void {
    const all = this.#rest + text;
    let at = 0;
    for (let found = this.framing.find(all, at); found !== undefined; found = this.framing.find(all, at)) {
      onFrame(all.slice(found.start, found.end));
      at = found.next;
    }
    this.#rest = all.slice(at);
  }
}

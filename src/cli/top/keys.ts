/**
 * Names of the keys of a terminal: a character stands for itself, others are `<up>`, `<enter>`, `<ctrl-c>`, `<f1>`.
 * Terminals send different sequences; these are those of xterm, VT220, the Linux console and rxvt.
 */
const SEQUENCES: Readonly<Record<string, string>> = {
  "[A": "<up>",
  "[B": "<down>",
  "[C": "<right>",
  "[D": "<left>",
  OA: "<up>",
  OB: "<down>",
  OC: "<right>",
  OD: "<left>",
  "[H": "<home>",
  "[F": "<end>",
  OH: "<home>",
  OF: "<end>",
  "[1~": "<home>",
  "[4~": "<end>",
  "[7~": "<home>",
  "[8~": "<end>",
  "[3~": "<delete>",
  "[5~": "<pageup>",
  "[6~": "<pagedown>",
  OP: "<f1>",
  "[11~": "<f1>",
  "[[A": "<f1>",
};

const CONTROLS: Readonly<Record<string, string>> = {
  "\r": "<enter>",
  "\n": "<enter>",
  "\t": "<tab>",
  "\b": "<backspace>",
  "\x7f": "<backspace>",
  "\x03": "<ctrl-c>",
  "\x0c": "<ctrl-l>",
  "\x15": "<ctrl-u>",
};

const ESCAPE = "\x1b";
/** A whole sequence behind ESC: `[` with parameters and a final character, `O` with a final one. */
const WHOLE = /^(?:\[\[.|\[[\x20-\x3f]*[\x40-\x5a\x5c-\x7e]|O.)/s;
/** The beginning of one. */
const PARTIAL = /^(?:\[[\x20-\x3f]*|\[\[|O)?$/;
/** More parameters than this are garbage. */
const LONGEST_SEQUENCE = 32;

/** Reads keys from what a terminal sends, in whatever pieces it comes. */
export class Keys {
  #rest = "";

  /** Whether the input has ended within a sequence, or with ESC, which may be a key by itself. */
  get unfinished(): boolean {
    return this.#rest !== "";
  }

  /** Returns the keys that are whole. */
  push(text: string): string[] {
    const input = this.#rest + text;
    const keys: string[] = [];
    let at = 0;
    this.#rest = "";
    while (at < input.length) {
      if (input[at] !== ESCAPE) {
        const character = String.fromCodePoint(input.codePointAt(at) ?? 0);
        at += character.length;
        const key = CONTROLS[character] ?? (/^[\p{Cc}\p{Cs}]$/u.test(character) ? undefined : character);
        if (key !== undefined) keys.push(key);
        continue;
      }
      const behind = input.slice(at + 1, at + 1 + LONGEST_SEQUENCE);
      const sequence = WHOLE.exec(behind)?.[0];
      if (sequence !== undefined) {
        const key = SEQUENCES[sequence];
        if (key !== undefined) keys.push(key);
        at += 1 + sequence.length;
      } else if (PARTIAL.test(behind) && behind.length < LONGEST_SEQUENCE) {
        this.#rest = input.slice(at);
        break;
      } else {
        keys.push("<escape>");
        at += 1;
      }
    }
    return keys;
  }

  /** Takes what is unfinished for whole: nothing more has come for a while. */
  flush(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : ["<escape>"];
  }
}

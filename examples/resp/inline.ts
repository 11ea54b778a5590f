import { type Bytes, SpillwayError } from "spillway";

/** Plain characters, then perhaps something in quotes, then what ends a word. A character stands for a byte. */
const WORD =
  /([^ \t\n\v\f\r"']*)(?:"([^"\\]*(?:\\[^][^"\\]*)*)"|'([^'\\]*(?:(?:\\'|\\(?!'))[^'\\]*)*)')?(?:[ \t\n\v\f\r]+|$)/y;
const LEADING_SPACE = /^[ \t\n\v\f\r]+/;
const ESCAPE = /\\(?:x([0-9a-f]{2})|([^]))/gi;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/**
 * The words of an inline command, as one types it: `SET key "two words\n"`. `"…"` knows escapes, `\x0a` among them, `'…'`
 * only `\'`.
 *
 * @throws {SpillwayError} `frame-invalid` when a quote has no end, or when something follows that end without a space;
 * `frame-too-large` for too many words
 */
export function splitInline(line: Bytes, maxWords: number): Bytes[] {
  const text = Array.from(line, (byte) => String.fromCharCode(byte))
    .join("")
    .replace(LEADING_SPACE, "");
  const words: Bytes[] = [];
  for (WORD.lastIndex = 0; WORD.lastIndex < text.length; ) {
    const match = WORD.exec(text);
    if (match === null) throw new SpillwayError("frame-invalid", "unbalanced quotes in request");
    if (words.length === maxWords) throw new SpillwayError("frame-too-large", `more than ${maxWords} words`);
    const [, plain = "", escaped = "", quoted = ""] = match;
    words.push(bytesOf(plain + unescaped(escaped) + quoted.replaceAll("\\'", "'")));
  }
  return words;
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, hex: string | undefined, char: string) =>
    hex === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function bytesOf(text: string): Bytes {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

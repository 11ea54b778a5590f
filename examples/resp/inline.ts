import { type Bytes, SpillwayError } from "spillway";

/** Plain characters, an optional quoted part, and the end of a word. Each character represents a byte. */
const WORD =
  /([^ \t\n\v\f\r"']*)(?:"([^"\\]*(?:\\[^][^"\\]*)*)"|'([^'\\]*(?:(?:\\'|\\(?!'))[^'\\]*)*)')?(?:[ \t\n\v\f\r]+|$)/y;
const LEADING_SPACE = /^[ \t\n\v\f\r]+/;
const ESCAPE = /\\(?:x([0-9a-f]{2})|([^]))/gi;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/**
 * Splits an inline command into words, such as `SET key "two words\n"`. Double quotes allow escapes, including `\x0a`; single
 * quotes allow only `\'`.
 *
 * @throws {SpillwayError} `frame-invalid` when a quote is not closed, or when no space follows a closing quote;
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

/**
 * Control characters (ANSI sequences begin with one), line breaks of every kind, characters that are invisible or
 * change the direction of text, and unpaired surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Escapes untrusted text for one line of a log: control characters, line breaks, and characters that hide or reorder
 * others. Text longer than `maxLength` characters is cut before it is escaped.
 */
export function escapeText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text.replace(UNSAFE, escaped);
  const cut = text.length - maxLength;
  return `${text.slice(0, maxLength).replace(UNSAFE, escaped)}… (${cut} more)`;
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x1_0000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}

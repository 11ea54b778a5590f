import { escapeText } from "../core/mod.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The most characters of a frame that are shown at a terminal. */
const LONGEST_FRAME = 16_384;

/**
 * Returns a frame for a terminal. Bytes of a peer never reach the terminal as they are: control characters, and
 * characters that hide or reorder others, are escaped, and so are bytes that are not UTF-8.
 */
export function frameText(frame: Uint8Array): string {
  const shown = frame.subarray(0, LONGEST_FRAME);
  let text: string;
  try {
    text = escapeText(strict.decode(frame), LONGEST_FRAME);
  } catch {
    text = Array.from(shown, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    ).join("");
    if (frame.length > shown.length) text += `… (${frame.length - shown.length} bytes more)`;
  }
  return text;
}

/** Returns bytes without frames for a terminal, as {@link frameText} does, but with their line breaks. */
export function linesText(bytes: Uint8Array): string {
  const texts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, end === -1 ? bytes.length : end);
    texts.push(frameText(line.at(-1) === 0x0d ? line.subarray(0, -1) : line));
    start = end === -1 ? bytes.length : end + 1;
  }
  return texts.join("\n");
}

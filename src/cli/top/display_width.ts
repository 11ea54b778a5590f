/** Characters that take two columns of a terminal, and such that take none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const ZERO = /\p{M}/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Returns the number of columns that text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** Cuts text to so many columns. A text that was cut ends with `…`. */
export function cutToWidth(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (text.length <= columns && ASCII.test(text)) return text;
  let width = 0;
  let kept = "";
  // The text in front of the place of the sign.
  let before = "";
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return `${before}…`;
    kept += character;
    if (width < columns) before = kept;
  }
  return kept;
}

/** Cuts text, or fills it up with blanks, to so many columns. */
export function fitToWidth(text: string, columns: number, align: "left" | "right"): string {
  const cut = cutToWidth(text, columns);
  const blanks = " ".repeat(Math.max(0, columns - displayWidth(cut)));
  return align === "left" ? cut + blanks : blanks + cut;
}

function widthOf(character: string): number {
  if (character < "\u0300") return 1;
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

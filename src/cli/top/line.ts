import { cutToWidth, displayWidth } from "./display_width.ts";

/** The meaning of text. Its look depends on the terminal. */
export type Tone = "strong" | "dim" | "good" | "warn" | "bad" | "title" | "selected";

/** A part of a line. Its text has no control characters. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** A line of the screen. */
export type Line = readonly Span[];

const COLORED: Readonly<Record<Tone, string>> = {
  strong: "1",
  dim: "2",
  good: "32",
  warn: "33",
  bad: "1;31",
  title: "30;42",
  selected: "30;46",
};
/** Bold, dim and reversed are no colours. */
const PLAIN: Readonly<Record<Tone, string>> = {
  strong: "1",
  dim: "2",
  good: "",
  warn: "",
  bad: "1",
  title: "1;4",
  selected: "7",
};

/** Returns a line with one tone, or none. */
export function line(text: string, tone?: Tone): Line {
  return [tone === undefined ? { text } : { text, tone }];
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** Returns the text of a line. */
export function lineText(spans: Line): string {
  return spans.map(({ text }) => text).join("");
}

/** Cuts a line to so many columns. */
export function cutLine(spans: Line, columns: number): Line {
  let left = columns;
  const cut: Span[] = [];
  for (const [index, span] of spans.entries()) {
    // One column is kept for the sign of what is cut.
    const more = spans.slice(index + 1).some(({ text }) => text !== "");
    const width = displayWidth(span.text);
    if (width < left || (width === left && !more)) {
      cut.push(span);
      left -= width;
      continue;
    }
    cut.push({ ...span, text: cutToWidth(more ? `${span.text}……` : span.text, left) });
    break;
  }
  return cut;
}

/** Returns a line for a terminal. */
export function paintedLine(spans: Line, colors: boolean): string {
  const codes = colors ? COLORED : PLAIN;
  return spans
    .map(({ text, tone }) => {
      const code = tone === undefined ? "" : codes[tone];
      return code === "" || text === "" ? text : `\x1b[${code}m${text}\x1b[0m`;
    })
    .join("");
}

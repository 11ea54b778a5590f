const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = ["[", "{"] as const;

/**
 * Reports whether arrays and objects in a JSON text are nested deeper than `max`, without parsing it, because parsing
 * is the expensive step. Each character is examined a bounded number of times. For text that is not valid JSON, either
 * result is possible.
 */
export function isDeeper(text: string, max: number): boolean {
  // Most texts are too short to exceed the depth, or have too few opening brackets.
  if (text.length <= max || !opensMoreThan(text, max)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > max) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
    }
  }
  return false;
}

/** Reports whether there are more than `max` of `[` and `{` in total, including those in strings. */
function opensMoreThan(text: string, max: number): boolean {
  let count = 0;
  for (const opening of OPENING) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      count += 1;
      if (count > max) return true;
    }
  }
  return false;
}

/** Returns the end of the string that begins at `start`: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** Reports whether an odd number of backslashes precedes a character. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

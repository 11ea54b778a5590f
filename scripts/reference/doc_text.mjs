// @ts-check
// The text of doc comments, as the pages need it.

/** A doc comment, without its frame, in one paragraph for each of its own. @param {string} comment */
export function textOfComment(comment) {
  return comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    .join("\n")
    .trim();
}

/**
 * The prose of a doc comment: without its tags, with the names of links in backquotes.
 *
 * @param {string} text
 */
export function proseOf(text) {
  return text
    .split(/^@/m)[0]
    ?.replace(/\{@link\s+([^}|\s]+)(?:\s*\|[^}]*)?\}/g, "`$1`")
    .trim();
}

/** The paragraphs of a text in one line, for a cell of a table. @param {string} text */
export function oneLine(text) {
  return text.replace(/\s*\n\s*/g, " ").trim();
}

/** A text for a cell, in which `|` does not end it. @param {string} text */
export function cell(text) {
  return oneLine(text).replaceAll("|", "\\|");
}

/** Returns a text as code, for a cell. @param {string} text */
export function code(text) {
  return text === "" ? "" : `\`${cell(text)}\``;
}

/**
 * Takes the default out of the prose of an option: what follows the word "default" to the end of its sentence.
 *
 * @param {string} prose
 * @returns {{ fallback: string | undefined, meaning: string }}
 */
export function takeDefault(prose) {
  const said =
    /(^|[.;]\s+|,\s+|\s\()[Dd]efault(?:s to)?:?\s+((?:`[^`]*`|"[^"]*"|\d[\d.,]*\d|\([^)]*\)|[^.;])+)(\.(?=\s|$)|;\s*|$)/;
  // `"reset"` (RST, the default), CRLF (the default), (false, the default), With `"drop"`, the default,
  const inverse =
    /(`[^`]+`|[A-Z]+) \((?:\w+, )?(?:the )?default\)|\((`[^`]+`|\w+), the default\)|(?:With )?(`[^`]+`), the default,/;
  if (/\bNo default\.$/.test(prose)) return { fallback: "none", meaning: prose.replace(/\s*No default\.$/, "") };
  const found = said.exec(prose);
  if (found !== null) {
    const [whole, before = "", value = "", after = ""] = found;
    const rest = prose.slice(found.index + whole.length).trim();
    const head = prose.slice(0, found.index).trimEnd();
    const joint = before.startsWith(" (") ? " (" : after.startsWith(";") && head !== "" ? "; " : "";
    const meaning =
      joint === "" ? [sentence(head), rest].filter((part) => part !== "").join(" ") : `${head}${joint}${rest}`;
    return { fallback: value.trim(), meaning };
  }
  const [, before, bracketed, plain] = inverse.exec(prose) ?? [];
  return { fallback: before ?? bracketed ?? plain, meaning: prose };
}

/** @param {string} text */
function sentence(text) {
  return text === "" || /[.:!?]$/.test(text) ? text : `${text.replace(/[;,]$/, "")}.`;
}

/**
 * The rows of the tables in a doc comment, without their heads.
 *
 * @param {string} text
 * @returns {string[][]}
 */
export function rowsIn(text) {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const rule = lines.findIndex((line) => /^\|(\s*:?-+:?\s*\|)+$/.test(line));
  if (rule === -1) return [];
  return lines.slice(rule + 1).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((one) => one.trim()),
  );
}

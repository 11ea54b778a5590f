import type { SourceFile } from "../../support/tree.ts";

/** A part of a file, and the number of its first line. */
interface Passage {
  readonly line: number;
  readonly text: string;
}

/** A sentence that begins with a relative pronoun: in a line of its own, maybe of a list, or behind another sentence. */
const NOUN_CLAUSE =
  /(?<=(?:^|\n)[ \t>*-]*|[.!?:]\**\s+\**)(?:What|Who|Whoever|Whatever)\s[^]*?(?:[.!?](?=[\s*)]|$)|$)/g;

/** Returns the sentences of doc comments that begin with a noun clause instead of a subject. */
export function nounClausesInComments(program: SourceFile): string[] {
  const comments = passages(program.text, /\/\*\*\s([^]*?)\*\//g).map(({ line, text }) => ({
    line,
    text: text.replace(/^[ \t]*\*/gm, ""),
  }));
  return nounClauses(program.path, comments);
}

/** Returns the sentences of a document that begin with a noun clause, headings, tables and code apart. */
export function nounClausesInProse(document: SourceFile): string[] {
  const prose = document.text
    .replace(/^```[^]*?^```$/gm, (code) => code.replace(/[^\n]/g, ""))
    .replace(/^(?:#|\|).*$/gm, "");
  return nounClauses(document.path, passages(prose, /((?:.+\n?)+)/g));
}

/** As `path:line  sentence`. A question may begin as it does. */
function nounClauses(path: string, texts: readonly Passage[]): string[] {
  return texts.flatMap(({ line, text }) =>
    [...text.matchAll(NOUN_CLAUSE)]
      .filter(([sentence]) => !sentence.endsWith("?"))
      .map(
        ({ 0: sentence, index }) =>
          `${path}:${line + lineBreaks(text, index)}  ${sentence.trim().replace(/\s+/g, " ")}`,
      ),
  );
}

/** Returns the first groups of all matches. */
function passages(text: string, pattern: RegExp): Passage[] {
  return [...text.matchAll(pattern)].map(({ 0: whole, 1: passage = "", index }) => {
    const begin = index + whole.indexOf(passage);
    return { line: 1 + lineBreaks(text, begin), text: passage };
  });
}

function lineBreaks(text: string, end: number): number {
  return text.slice(0, end).split("\n").length - 1;
}

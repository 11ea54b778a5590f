// Sentences begin with their subjects, as in the documentation of Go.
import { describe, expect, it } from "vitest";
import { filesIn, read, type SourceFile } from "../support/tree.ts";
import { nounClausesInComments, nounClausesInProse } from "./support/noun_clauses.ts";

const files = filesIn(".").map((path) => ({ path, read: (): SourceFile => ({ path, text: read(path) }) }));

describe("sentences", () => {
  it("of doc comments begin with their subjects, and not with What, Who, Whoever or Whatever", () => {
    const programs = files.filter(({ path }) => /\.(m?js|ts)$/.test(path));
    expect(programs.length).toBeGreaterThan(30);
    expect(programs.flatMap((file) => nounClausesInComments(file.read()))).toEqual([]);
  });

  it("of documents begin with their subjects, and not with What, Who, Whoever or Whatever", () => {
    const documents = files.filter(({ path }) => path.endsWith(".md") && path !== "CHANGELOG.md");
    expect(documents.length).toBeGreaterThan(10);
    expect(documents.flatMap((file) => nounClausesInProse(file.read()))).toEqual([]);
  });
});

describe("the search for noun clauses", () => {
  /** A doc comment, which is none in this file. */
  const doc = (text: string) => `/\u002A*${text}*/`;

  it("finds them in doc comments, wherever the comment and the sentence begin", () => {
    const text = [
      doc(" What is wrong. "),
      "let a;",
      doc("\n * Ends. Who\n * asks is served\n "),
      `let b; ${doc(" What ")}`,
    ].join("\n");
    expect(nounClausesInComments({ path: "a.ts", text })).toEqual([
      "a.ts:1  What is wrong.",
      "a.ts:4  Who asks is served",
      "a.ts:7  What",
    ]);
  });

  it("passes questions, other comments, code, and a pronoun within a sentence", () => {
    const text = [
      "// What is lost.",
      'const a = "What is lost.";',
      doc(" What is lost? The answer, what is kept. See {@link What}. "),
    ].join("\n");
    expect(nounClausesInComments({ path: "a.ts", text })).toEqual([]);
  });

  it("finds them in paragraphs, lists and emphasis of documents, and passes headings, tables, code and questions", () => {
    const text = [
      "# What it does",
      "",
      "Whoever asks\nis served. **What `a.b` drops** is lost. What is kept?",
      "- **Who waits** is served",
      "",
      "| What | Who |",
      "```",
      "What is this.",
      "```",
      "",
    ].join("\n");
    expect(nounClausesInProse({ path: "a.md", text })).toEqual([
      "a.md:3  Whoever asks is served.",
      "a.md:4  What `a.b` drops** is lost.",
      "a.md:5  Who waits** is served",
    ]);
  });
});

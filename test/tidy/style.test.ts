import { describe, expect, it } from "vitest";
import { codeOnly, filesIn, linesMatching, read, type SourceFile, sourcesIn } from "../support/tree.ts";

const files = filesIn(".");
const text = (file: string): SourceFile => ({ path: file, text: read(file) });
const isText = (file: string) => !/\.(png|ico|gz|pem|key|crt|bin)$/.test(file);
const programs = files.filter((file) => /\.(m?js|ts)$/.test(file)).map(text);

describe("files", () => {
  it("are found at all", () => {
    expect(files).toContain("package.json");
    expect(programs.length).toBeGreaterThan(30);
  });

  it("of programs have at most 400 lines, but for state machines that are read from top to bottom", () => {
    const long = programs
      .filter(({ path }) => /^(src|bench|examples)\//.test(path))
      .map((source) => ({ path: source.path, lines: source.text.trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > 400);
    expect(long.map(({ path }) => path)).toEqual([
      "src/cluster/supervisor.ts",
      "src/core/client/client.ts",
      "src/core/handler/pipeline.ts",
      "src/core/session/served_session.ts",
    ]);
  });

  it("are named after what is in them", () => {
    const vague = /(^|\/)(utils?|helpers?|managers?|common|misc|protocol|framer|parser)(\.|\/|$)/i;
    expect(files.filter((file) => vague.test(file))).toEqual([]);
  });

  it("have snake_case names", () => {
    const programsOnly = programs.map(({ path }) => path).filter((path) => /^(src|test|bench|scripts)\//.test(path));
    expect(programsOnly.filter((path) => !/^[a-z0-9_./]+$/.test(path))).toEqual([]);
  });
});

describe("texts", () => {
  it("leave nothing for later", () => {
    const later = /\b(TO[D]O|FIX[M]E|X{3})\b/;
    const sources = files.filter((file) => isText(file) && file !== "package-lock.json").map(text);
    expect(sources.flatMap((source) => linesMatching(source, later))).toEqual([]);
  });

  // An address in a lock file or a document would tie an install to one machine's network.
  it("name no package registry's host, .npmrc's one line apart", () => {
    const pattern = /(?<![\w-])(registry[.][a-z-]+[.](org|com|io|dev)|npm[j]s[.](org|com)|npm[.]jsr[.]io)\b/;
    const found = files
      .filter(isText)
      .map(text)
      .flatMap((source) => linesMatching(source, pattern));
    expect(found).toEqual([expect.stringMatching(/^\.npmrc:1 {2}@jsr:registry=/)]);
    expect(linesMatching(text("package-lock.json"), /"resolved"/)).toEqual([]);
  });
});

/** Support that moves with what it supports. */
const BEING_REBUILT = /^test\/(core\/(parking_lot|scripted_\w+|source_of|direct_model)|bench\/\w+)\./;

/** The titles of tests that are written as they are. */
function titlesIn(program: string): string[] {
  const title = /(?:\bit(?:\.\w+)*\(|\btestOn\(\s*platform,|\)\()\s*"((?:[^"\\]|\\.)*)",/g;
  return [...program.matchAll(title)]
    .filter(({ 0: call, index }) => !call.startsWith(")(") || tableOf(program.slice(0, index)) === "it")
    .map((match) => match[1] ?? "");
}

/** Returns the function that the table or condition at the end of a program's beginning belongs to. */
function tableOf(beginning: string): string | undefined {
  return [...beginning.matchAll(/\b(it|describe)\.\w+/g)].at(-1)?.[1];
}

describe("tests", () => {
  const tests = sourcesIn("test").filter(
    ({ path }) => path.endsWith(".test.ts") || path.startsWith("test/conformance/"),
  );
  const code = tests.map((source) => ({ ...source, text: codeOnly(source.text) }));

  it("are in a folder beside nothing but tests, suites, `support` and `fixtures`", () => {
    const suites = /^test\/(chaos|conformance|fuzz|guard|mutation|simulation|types)\//;
    const elsewhere = programs
      .map(({ path }) => path)
      .filter((path) => path.startsWith("test/") && !/\.test\.(js|ts)$/.test(path))
      .filter((path) => !suites.test(path) && !/\/(support|fixtures)\//.test(path))
      .filter((path) => !BEING_REBUILT.test(path));
    expect(elsewhere).toEqual([]);
  });

  // The linter's no-shadow sees only the files that import vitest's.
  it("call nothing `it` but vitest's", () => {
    const others = sourcesIn("test")
      .map((source) => ({ ...source, text: codeOnly(source.text) }))
      .flatMap((source) => linesMatching(source, /(?<![.\w])[i]t\b(?![(|]|\.(each|fails|for|runIf|skipIf)[(<])/))
      .filter((line) => !/ {2}import \{/.test(line));
    expect(others).toEqual([]);
  });

  it("have sentences for titles, or what makes one behind the title of their `describe`: three words at least", () => {
    const short = tests
      .filter(({ path }) => !BEING_REBUILT.test(path))
      .flatMap((source) => titlesIn(source.text).map((title) => ({ path: source.path, title })))
      .filter(({ title }) => title.split(/\s+/).length < 3 || !/^[`"(]?[\w$%@/<-]/.test(title));
    expect(short).toEqual([]);
  });

  it("are all run: none is singled out, planned or switched off", () => {
    const off = /\b(it|test|describe|suite|bench)(\.\w+)*\.(only|todo|skip)\b|\b(xit|xdescribe|fit|fdescribe)\(/;
    expect(code.flatMap((source) => linesMatching(source, off))).toEqual([]);
  });

  it("skip under a condition only with the reason: a comment on that line or above it, or context.skip(reason)", () => {
    const silent = tests.flatMap((source) => {
      const lines = source.text.split("\n");
      const codeLines = codeOnly(source.text).split("\n");
      return codeLines.flatMap((line, index) => {
        const skips = /\.(skipIf|runIf)\(/.test(line) || /\.skip\((\w+\s*,\s*)?\)/.test(line);
        const reason = (lines[index] ?? "").includes("//") || /^\s*(\/\/|\*)/.test(lines[index - 1] ?? "");
        return skips && !reason ? [`${source.path}:${index + 1}  ${lines[index]?.trim()}`] : [];
      });
    });
    expect(silent).toEqual([]);
  });
});

// A service module that does not load: what the command line says of it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProcess } from "./support/cli_process.ts";
import { ranToEnd } from "./support/ran_to_end.ts";
import { RUNTIME } from "./support/runtime.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(path: string, ...args: string[]): Promise<string> {
  const cli = new CliProcess("serve", path, "--port", "0", ...args);
  expect(await cli.ended).toEqual({ code: 2, signal: null });
  expect(cli.stdout).toBe("");
  return cli.stderr;
}

/** One line, which ends with that place: a file of the folder, and a line of it. */
function expectPlace(stderr: string, reason: RegExp, file: string, line: number): void {
  expect(stderr).toMatch(/^spillway: cannot load [^\n]*\n$/);
  expect(stderr).toMatch(reason);
  const [, place, at] = / \((.*?):(\d+)(?::\d+)?\)\n$/.exec(stderr) ?? [];
  expect(place?.replaceAll("\\", "/").split("/").at(-1), stderr).toBe(file);
  expect(Number(at), stderr).toBe(line);
}

const SYNTAX = "const a = 1;\nconst b = ;\nexport default a;\n";
const IS_SYNTAX = /Unexpected token|Unexpected ;|Expression expected/;

describe("a service module that throws, or cannot be read", { concurrent: true }, () => {
  it.each([
    ["throws.mjs", "const a = 1;\n\nthrow new Error('no database\\nis there');\n", /: no database \(/, "throws.mjs", 3],
    ["throws.js", "\nundefinedName();\n", /undefinedName/, "throws.js", 2],
    ["later.mjs", "await 0;\nawait 0;\nawait Promise.reject(new Error('late'));\n", /: late \(/, "later.mjs", 3],
    ["native.mjs", "\nexport default JSON.parse('{');\n", /JSON/, "native.mjs", 2],
    ["function.mjs", "function f() {\n  throw new TypeError('deep');\n}\nf();\n", /: deep \(/, "function.mjs", 2],
    ["syntax.mjs", SYNTAX, IS_SYNTAX, "syntax.mjs", 2],
    [
      "declared.mjs",
      "let a = 1;\nlet a = 2;\n",
      /already been declared|redeclar|defined multiple times/,
      "declared.mjs",
      2,
    ],
  ] as const)("%s is named with the line", async (file, code, reason, named, line) => {
    await writeFile(join(folder, file), code);
    expectPlace(await refusal(join(folder, file)), reason, named, line);
  });

  it("the file that it imports is named, however deep", async () => {
    await mkdir(join(folder, "lib"));
    await writeFile(join(folder, "outer.mjs"), "import fs from 'node:fs';\nimport { x } from \"./lib/inner.mjs\";\n");
    await writeFile(join(folder, "lib", "inner.mjs"), "export const x = fs;\nexport * from '../lib/innermost.mjs';\n");
    await writeFile(join(folder, "lib", "innermost.mjs"), `\n\n${SYNTAX}`);
    expectPlace(await refusal(join(folder, "outer.mjs")), IS_SYNTAX, "innermost.mjs", 4);
  });

  it("the caller of Spillway is named, not Spillway", async () => {
    expectPlace(await refusal("./misuse.mjs"), /maxFrameBytes must be/, "misuse.mjs", 4);
  });

  it("a missing module is named, and the module that imports it", async () => {
    await writeFile(join(folder, "imports.mjs"), "import './not_there.mjs';\n");
    const stderr = await refusal(join(folder, "imports.mjs"));
    expect(stderr).toMatch(/^spillway: [^\n]*not_there\.mjs[^\n]*imports\.mjs[^\n]*\n$/);
  });

  it("the thrown value may be anything", async () => {
    await writeFile(
      join(folder, "hostile.mjs"),
      "throw new Proxy(new Error('x'), { get() { throw 1; }, getPrototypeOf() { throw 2; } });\n",
    );
    expect(await refusal(join(folder, "hostile.mjs"))).toMatch(/^spillway: cannot load [^\n]*hostile\.mjs: [^\n]+\n$/);
  });

  it("shows the stacks of the error and its causes with --log-level debug", async () => {
    await writeFile(
      join(folder, "causes.mjs"),
      "function connect() {\n  throw new Error('no database', { cause: new TypeError('\\x1b[31mred\\x08') });\n}\nconnect();\n",
    );
    const stderr = await refusal(join(folder, "causes.mjs"), "--log-level", "debug");
    const [first, ...stack] = stderr.trimEnd().split("\n");
    expect(first).toMatch(/^spillway: cannot load .*: no database \(.*causes\.mjs:2:\d+\)$/);
    expect(stack[0]).toBe("  Error: no database");
    expect(stack.join("\n")).toMatch(/connect.*causes\.mjs:2:\d+[^]*causes\.mjs:4/);
    expect(stack).toContain("  caused by: TypeError: red\\x08");
  });

  it("shows the code that cannot be read with --log-level debug", async () => {
    await writeFile(join(folder, "code.mjs"), SYNTAX);
    const stderr = await refusal(join(folder, "code.mjs"), "--log-level", "debug");
    expect(stderr).toMatch(/^spillway: cannot load [^\n]*code\.mjs:2[^\n]*\n[^]*const b = ;/);
  });

  it("is named with the line as a configuration file too", async () => {
    await writeFile(join(folder, "config.mjs"), "\nthrow new Error('no vault');\n");
    expectPlace(await refusal("echo", "--config", join(folder, "config.mjs")), /: no vault \(/, "config.mjs", 2);
  });

  it("in TypeScript loads, or the refusal says what does", async () => {
    await writeFile(join(folder, "typed.ts"), "const a: number = 1;\nthrow new Error(`typed ${a}`);\n");
    const stderr = await refusal(join(folder, "typed.ts"));
    if (RUNTIME.loadsTypeScript) return expectPlace(stderr, /: typed 1 \(/, "typed.ts", 2);
    expect(stderr).toBe(
      `spillway: cannot load ${join(folder, "typed.ts")}: Node ${process.versions.node} does not load TypeScript; use Node 22.18 ` +
        `or later, or 'deno run -A npm:spillway serve ${join(folder, "typed.ts")}', or 'bunx --bun spillway serve ` +
        `${join(folder, "typed.ts")}', or compile it to JavaScript with tsc\n`,
    );
  });
});

describe("a name that is no service", { concurrent: true }, () => {
  beforeAll(async () => {
    await mkdir(join(folder, "services"));
    await mkdir(join(folder, "empty"));
    for (const file of ["chat.ts", "echo.mjs", "notes.txt", "quote.cjs", "ticker.js", "types.d.ts"]) {
      await writeFile(join(folder, "services", file), "");
    }
  });

  it.each([
    ["services", ".", "'.' is a folder: serve a module in it, such as ./chat.ts, ./echo.mjs, ./quote.cjs"],
    ["", "services", "'services' is a folder: serve a module in it, such as ./services/chat.ts, ./services/echo.mjs"],
    ["", "./services/", "'./services/' is a folder: serve a module in it, such as ./services/chat.ts"],
    [
      "empty",
      ".",
      "'.' is a folder: a service is a module with `export default { codec, handler }`, such as ./service.mjs",
    ],
    ["services", "chat", "unknown service 'chat': did you mean ./chat.ts?"],
    ["services", "./chat", "(did you mean ./chat.ts?)"],
    ["services", "./tickr.js", "(did you mean ./ticker.js?)"],
    ["empty", "ecko", "unknown service 'ecko': did you mean echo?"],
    ["empty", "dance", "unknown service 'dance': use compute, echo, or the path of a module such as ./dance.js"],
  ])("in %j, %j", async (cwd, name, message) => {
    const { code, err } = await ranToEnd(["serve", name], { cwd: join(folder, cwd) });
    expect(code).toBe(2);
    expect(err).toMatch(/^spillway: [^\n]*\n$/);
    expect(err).toContain(message);
  });
});

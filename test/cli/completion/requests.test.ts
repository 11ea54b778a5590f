// The requests of a completion script, and the answers.
import { describe, expect, it } from "vitest";
import { ranToEnd } from "../support/ran_to_end.ts";

async function answerTo(...words: string[]) {
  const { code, err, out } = await ranToEnd(["complete", "--", ...words], { cwd: "/" });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const lines = out.trimEnd().split("\n");
  const directive = lines.pop();
  return { words: lines.map((line) => line.split("\t")[0]), files: directive === ":0", lines };
}

describe("a request of completion", () => {
  it.each([
    [[""], ["serve", "check", "connect", "bench", "top", "complete", "help"]],
    [[], ["serve", "check", "connect", "bench", "top", "complete", "help"]],
    [["c"], ["check", "connect", "complete"]],
    [["nonsense"], []],
    [
      ["serve", "--log"],
      ["--log-level", "--log-format"],
    ],
    [
      ["serve", "--log-level", ""],
      ["debug", "info", "warning", "error"],
    ],
    [["serve", "--log-level=w"], ["warning"]],
    [
      ["serve", "--log-level="],
      ["debug", "info", "warning", "error"],
    ],
    [
      ["check", "echo", "--tls-min-version", ""],
      ["1.2", "1.3"],
    ],
    [["serve", "--tls-client-certificate", "o"], ["optional"]],
    [
      ["serve", "--slow-consumer", ""],
      ["reset", "drop", "drop-oldest"],
    ],
    [
      ["connect", "x:1", "--codec", "lin"],
      ["lines", "lines:crlf"],
    ],
    [
      ["bench", "x:1", "--codec=u1"],
      ["u16be", "u16le"],
    ],
    [
      ["top", "--sort", "bytes"],
      ["bytes-in", "bytes-out"],
    ],
    [["top", "--once", "--j"], ["--json"]],
    [["help", "b"], ["bench"]],
    [
      ["complete", ""],
      ["bash", "zsh", "fish"],
    ],
    [["serve", "--port", ""], []],
    [["connect", ""], []],
    [["serve", "--rubbish", ""], []],
    [["serve", "--no-such=", ""], []],
    [["--"], ["--version", "--help"]],
    [["-"], ["-v", "-h"]],
  ])("for %j is answered with %j", async (asked, expected) => {
    const answer = await answerTo(...asked);
    expect(answer.words).toEqual(expect.arrayContaining(expected));
    expect(expected.length === 0 ? answer.words : []).toEqual([]);
    expect(answer.files).toBe(false);
  });

  it.each([
    [["serve", "--tls-cert", ""]],
    [["serve", "--config", "x"]],
    [["serve", "--config=x"]],
    [["connect", "x:1", "--tls-ca", ""]],
    [["top", "--token-file", ""]],
    [["serve", "./"]],
    [["check", ""]],
  ])("for %j leaves files to the shell", async (asked) => {
    expect((await answerTo(...asked)).files).toBe(true);
  });

  it("offers the services beside files, and describes options", async () => {
    expect(await answerTo("serve", "")).toMatchObject({ words: ["compute", "echo"], files: true });
    const { lines } = await answerTo("bench", "--warm");
    expect(lines).toEqual(["--warm-up\ttime before that, which is not measured"]);
  });

  it("knows no options that the help does not", async () => {
    expect((await answerTo("bench", "--pa")).words).toEqual([]);
    expect((await answerTo("-")).words).not.toContain("-V");
  });

  it("leaves the console as it was", async () => {
    const { log } = console;
    await answerTo("");
    expect(console.log).toBe(log);
  });
});

describe("spillway complete", () => {
  it.each([
    [["complete"], "spillway: which shell? write spillway complete bash, zsh or fish\n"],
    [["complete", "tcsh"], "spillway: no completion for 'tcsh': write spillway complete bash, zsh or fish\n"],
  ])("%j is refused", async (args, message) => {
    expect(await ranToEnd(args, { cwd: "/" })).toMatchObject({ code: 2, out: "", err: message });
  });

  it.each([
    ["bash", "complete -o default -F _spillway spillway\n"],
    ["zsh", "#compdef spillway"],
    ["fish", "complete -c spillway"],
  ])("prints a script for %s that asks this program", async (shell, text) => {
    const { code, out } = await ranToEnd(["complete", shell], { cwd: "/" });
    expect(code).toBe(0);
    expect(out).toContain(text);
    expect(out).toContain("spillway complete --");
    expect(out).not.toMatch(/undefined|\[object/);
  });
});

// Completion in real shells, which ask the real command line.
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { python } from "../support/bind_and_become.ts";
import { RUNTIME } from "../support/runtime.ts";

const execute = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
  const quoted = RUNTIME.command.map((part) => `'${part}'`).join(" ");
  await writeFile(join(folder, "spillway"), `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(join(folder, "spillway"), 0o755);
  await writeFile(join(folder, "cert file.pem"), "");
  await writeFile(join(folder, "chain.pem"), "");
});
afterAll(() => rm(folder, { recursive: true }));

/** Returns the replies of bash for the last word of a line at whose end Tab is pressed. */
async function inBash(typed: string): Promise<string[]> {
  const script = `PATH="$1:$PATH"
    cd "$1"
    source <(spillway complete bash)
    # Twice, as when ~/.bashrc is read again.
    source <(spillway complete bash)
    COMP_LINE=$2 COMP_POINT=\${#2}
    _spillway
    printf '%s\\n' "\${COMPREPLY[@]}"
  `;
  const args = ["--norc", "--noprofile", "-c", script, "bash", folder, typed];
  const { stderr, stdout } = await execute("bash", args);
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

/** Types at the prompt of an interactive shell, and presses Tab. Prints nothing, and ends when all has been shown. */
const TYPED = String.raw`import json, os, pty, sys
folder, command, setup, typed = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(folder)
    os.environ.update(PATH=folder + ":" + os.environ["PATH"], PS1="$ ", TERM="dumb", INPUTRC="/dev/null")
    os.execvp(command[0], command)
seen = ""
def until(text):
    global seen
    while text not in seen:
        seen += os.read(terminal, 65536).decode()
    seen = seen[seen.index(text) + len(text):]
os.write(terminal, (setup + "; echo loaded$((1))\r").encode())
until("loaded1")
for keys, shown in typed:
    os.write(terminal, keys.encode() + b"\t")
    until(shown)
    # Ctrl-E and Ctrl-U discard the line.
    os.write(terminal, b"\x05\x15")
os.write(terminal, b"exit\r")
try:
    while os.read(terminal, 65536):
        pass
except OSError:
    pass
os.waitpid(pid, 0)
`;

async function showsWhenTyped(
  context: TestContext,
  shell: readonly string[],
  setup: string,
  typed: readonly (readonly [keys: string, shown: string])[],
): Promise<void> {
  const args = ["-c", TYPED, folder, JSON.stringify(shell), setup, JSON.stringify(typed)];
  expect(await python.run(context, args)).toEqual({ code: 0, stdout: "", stderr: "" });
}

/** Skips the test where a shell is not installed: nobody is asked to install it. */
function needs(context: TestContext, shell: string): void {
  if (spawnSync(shell, ["--version"]).status === 0) return;
  const reason = `${shell} is not installed`;
  context.skip(reason);
}

// Windows has none of these shells.
describe.skipIf(process.platform === "win32")("completion", { concurrent: true }, () => {
  it.each([
    ["spillway ser", ["serve"]],
    ["spillway serve --log-l", ["--log-level"]],
    ["spillway serve --log-level ", ["debug", "info", "warning", "error"]],
    ["spillway serve --log-level=w", ["warning"]],
    // Bash replaces only what stands behind the colon.
    ["spillway serve echo --codec lines:", ["crlf"]],
    ["spillway serve echo --codec=lines:cr", ["crlf"]],
    ["spillway serve echo --codec lines", ["lines", "lines:crlf"]],
    ["spillway serve ec", ["echo"]],
    ["spillway serve ./", []],
    ["spillway no-such ", []],
    ["spillway top --sort  wai", ["waiting"]],
    ["spillway", []],
  ])("in bash makes of %j the words %j", async (typed, expected) => {
    expect(await inBash(typed)).toEqual(expected);
  });

  it("in bash executes nothing of what stands on the line", async () => {
    await inBash("spillway serve $(touch made) `touch made` 'x; touch made ");
    expect(existsSync(join(folder, "made"))).toBe(false);
  });

  it("in an interactive bash completes words, values and files at Tab", async (context) => {
    await showsWhenTyped(context, ["bash", "--norc", "--noprofile", "-i"], "source <(spillway complete bash)", [
      ["spillway ser", "serve "],
      ["spillway serve --log-level=w", "arning "],
      ["spillway serve echo --codec lines:", "crlf "],
      ["spillway serve --tls-cert ch", "ain.pem "],
    ]);
  });

  it("in an interactive zsh completes words, values and files at Tab", async (context) => {
    needs(context, "zsh");
    await showsWhenTyped(
      context,
      ["zsh", "-f"],
      "autoload -U compinit; compinit -u -D; source <(spillway complete zsh)",
      [
        ["spillway ser", "serve "],
        ["spillway serve --log-level=w", "arning "],
        ["spillway serve echo --codec lines:", "crlf "],
        ["spillway serve --tls-cert ch", "ain.pem "],
      ],
    );
  });

  it("in fish makes words, values and files of a line", async (context) => {
    needs(context, "fish");
    const lines = ["ser", "serve --log-level=w", "serve echo --codec lines:", "serve --tls-cert ch"];
    const asked = lines.map((line) => `complete -C 'spillway ${line}'`).join("; ");
    const script = `set PATH ${folder} $PATH; cd ${folder}; spillway complete fish > c.fish; source c.fish; ${asked}`;
    const { stdout } = await execute("fish", ["--no-config", "-c", script]);
    expect(stdout.split("\n")).toEqual([
      "serve\tRun a service until a signal drains it.",
      "--log-level=warning",
      "lines:crlf",
      "chain.pem",
      "",
    ]);
  });
});

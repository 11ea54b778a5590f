import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { AppendedFile } from "../../src/cli/appended_file.ts";

const folder = mkdtempSync(path.join(tmpdir(), "spillway-appended-"));
const files: AppendedFile[] = [];
let names = 0;

afterEach(async () => {
  for (const file of files.splice(0)) await file.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function newPath(): string {
  names += 1;
  return path.join(folder, String(names));
}

interface Appending {
  readonly file: AppendedFile;
  readonly said: string[];
  /** Fulfils when a text has been taken. */
  append(text: string): Promise<void>;
}

function appending(to: string): Appending {
  const said: string[] = [];
  const file = new AppendedFile(to, {
    onFault: (error) => said.push(`fault ${(error as { code?: string }).code}`),
    onRecovered: () => said.push("recovered"),
  });
  files.push(file);
  return {
    file,
    said,
    append: (text) => new Promise<void>((resolve) => file.write(text, () => resolve())),
  };
}

/** Appends lines until one of them fits: the file is looked for once a second. */
async function appendUntil(append: Appending["append"], fits: () => boolean): Promise<void> {
  for (let count = 0; !fits(); count += 1) {
    await append(`line ${count}\n`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function textAt(place: string): string {
  try {
    return readFileSync(place, "utf8");
  } catch {
    return "";
  }
}

describe("a file that is appended to", () => {
  it("is created for the first text, and keeps what it had", async () => {
    const place = newPath();
    const first = appending(place);
    await first.file.check();
    expect(textAt(place)).toBe("");
    await first.append("one\n");
    const second = appending(place);
    await second.file.check();
    await second.append("two\n");
    await first.append("three\n");
    expect(textAt(place)).toBe("one\ntwo\nthree\n");
    expect(first.said).toEqual([]);
  });

  it("is opened anew when it was renamed, and when it was removed", async () => {
    const place = newPath();
    const { append } = appending(place);
    await append("before\n");
    renameSync(place, `${place}.1`);
    await appendUntil(append, () => textAt(place) !== "");
    expect(textAt(`${place}.1`)).toMatch(/^before\n(line \d+\n)*$/);
    unlinkSync(place);
    await appendUntil(append, () => textAt(place) !== "");
  });

  it("goes on at the new end when it was truncated", async () => {
    const place = newPath();
    const { append } = appending(place);
    await append("before\n");
    truncateSync(place);
    await append("after\n");
    expect(textAt(place)).toBe("after\n");
  });

  it.each([
    ["a folder that is not there", () => path.join(newPath(), "file"), "ENOENT"],
    ["a folder", () => folder, "EISDIR"],
    ["a path below a file", () => path.join(process.execPath, "file"), "ENOTDIR"],
  ])("is refused at %s", async (_, place, code) => {
    await expect(appending(place()).file.check()).rejects.toMatchObject({ code });
  });

  it("gives up what is not written when it is closed", async () => {
    const { file, said } = appending(path.join(newPath(), "file"));
    let taken = false;
    file.write("never\n", () => {
      taken = true;
    });
    await expect.poll(() => said).toEqual(["fault ENOENT"]);
    await file.close();
    expect(taken).toBe(false);
  });
});

// Elsewhere there is no /dev/full, and no pipe with a name.
describe.skipIf(process.platform !== "linux")("a file that takes nothing", () => {
  it("because the disk is full is tried again, and said once", async () => {
    const { file, said } = appending("/dev/full");
    await file.check();
    let taken = 0;
    file.write("one\n", () => {
      taken += 1;
    });
    await expect.poll(() => said).toEqual(["fault ENOSPC"]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect([taken, said]).toEqual([0, ["fault ENOSPC"]]);
  });

  it("because nobody reads the pipe keeps its text until somebody does, and loses no byte", async () => {
    const place = newPath();
    expect(spawnSync("mkfifo", [place]).status).toBe(0);
    const { file } = appending(place);
    await file.check();
    // More than a pipe holds.
    const text = `${"x".repeat(99)}\n`.repeat(5_000);
    let taken = false;
    file.write(text, () => {
      taken = true;
    });
    // A process of its own: on Deno, opening and reading a pipe stops the process.
    const reader = spawn("cat", [place]);
    let received = "";
    reader.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      received += chunk;
    });
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(text.length);
    expect(received).toBe(text);
    await expect.poll(() => taken).toBe(true);
    reader.kill();
  });
});

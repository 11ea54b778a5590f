import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import type { Logger } from "@logtape/logtape";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CertificateFiles, readPem } from "../../src/cli/certificate_files.ts";
import { type ManualClock, manualClock } from "../../src/testing/mod.ts";
import { pair } from "../tls/support/certificates.ts";

const [old, renewed] = [pair("server"), pair("renewed")];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "certificate-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

interface Watched {
  readonly clock: ManualClock;
  /** The certificates that the step was given. */
  readonly reloads: unknown[];
  /** The logged events, by level. */
  readonly logged: [level: string, fields: Readonly<Record<string, string>>][];
  readonly end: () => void;
  /** Looks at the files once. */
  poll(): Promise<void>;
}

async function watched(refusal?: () => Error | undefined): Promise<Watched> {
  const clock = manualClock();
  const reloads: unknown[] = [];
  const logged: Watched["logged"] = [];
  const log = (level: string) => (_: string, fields: Readonly<Record<string, string>>) => {
    logged.push([level, fields]);
  };
  const files = new CertificateFiles("a.pem", "a.key", folder);
  expect(await files.load()).toEqual(old);
  const reload = (replacement: unknown) => {
    const error = refusal?.();
    if (error !== undefined) throw error;
    reloads.push(replacement);
  };
  const logger = { info: log("info"), warning: log("warning") } as unknown as Logger;
  const end = files.watch({ step: { reload }, logger, clock });
  return {
    clock,
    reloads,
    logged,
    end,
    poll: async () => {
      expect(await clock.step()).toBe(true);
      await vi.waitFor(() => expect(clock.pending).toBe(1), { timeout: 10_000 });
    },
  };
}

describe("the files of a certificate", () => {
  beforeEach(() => {
    write("a.pem", old.cert);
    write("a.key", old.key);
  });

  it("are loaded again when they were overwritten, one poll after they have become quiet", async () => {
    const { poll, reloads, logged } = await watched();
    for (let count = 0; count < 3; count++) await poll();
    expect(reloads).toEqual([]);
    write("a.pem", renewed.cert);
    await poll();
    write("a.key", renewed.key);
    await poll();
    expect(reloads).toEqual([]);
    for (let count = 0; count < 3; count++) await poll();
    expect(reloads).toEqual([renewed]);
    expect(logged).toEqual([
      ["info", { event: "certificate-reloaded", cert: "a.pem", validTo: expect.stringMatching(/2120 GMT$/) as string }],
    ]);
  });

  it("are loaded again when others were renamed to their names", async () => {
    const { poll, reloads } = await watched();
    write("new.pem", renewed.cert);
    write("new.key", renewed.key);
    renameSync(path.join(folder, "new.pem"), path.join(folder, "a.pem"));
    renameSync(path.join(folder, "new.key"), path.join(folder, "a.key"));
    for (let count = 0; count < 3; count++) await poll();
    expect(reloads).toEqual([renewed]);
  });

  it("are not loaded again when they were only touched", async () => {
    const { poll, reloads, logged } = await watched();
    utimesSync(path.join(folder, "a.pem"), 1, 1);
    for (let count = 0; count < 3; count++) await poll();
    expect([reloads, logged]).toEqual([[], []]);
  });

  it("stay as they were when a pair is refused, which is said once; the next pair is loaded", async () => {
    let error: Error | undefined = new TypeError("key is not the key of cert");
    const { poll, reloads, logged } = await watched(() => error);
    write("a.pem", renewed.cert);
    for (let count = 0; count < 5; count++) await poll();
    expect(logged).toEqual([
      ["warning", { event: "certificate-refused", cert: "a.pem", error: "a.key is not the key of a.pem" }],
    ]);
    error = undefined;
    write("a.key", renewed.key);
    for (let count = 0; count < 3; count++) await poll();
    expect(reloads).toEqual([renewed]);
  });

  it("stay as they were when one is missing, until it is back", async () => {
    const { poll, reloads, logged } = await watched();
    rmSync(path.join(folder, "a.key"));
    for (let count = 0; count < 3; count++) await poll();
    expect(logged).toEqual([
      ["warning", expect.objectContaining({ error: expect.stringContaining("a.key does not exist") as string })],
    ]);
    write("a.pem", renewed.cert);
    write("a.key", renewed.key);
    for (let count = 0; count < 3; count++) await poll();
    expect(reloads).toEqual([renewed]);
  });

  it("are left alone after the end, also when a look at them was under way", async () => {
    const { clock, end, reloads } = await watched();
    write("a.pem", renewed.cert);
    await clock.step();
    end();
    await readPem("certificate", "a.pem", folder);
    expect(clock.pending).toBe(0);
    expect(reloads).toEqual([]);
  });
});

// Windows needs a privilege for links.
describe.skipIf(process.platform === "win32")("the files of a certificate behind a link", () => {
  it("are loaded again when the link moves, as Kubernetes does it", async () => {
    for (const [name, { cert, key }] of Object.entries({ one: old, two: renewed })) {
      mkdirSync(path.join(folder, name));
      write(`${name}/a.pem`, cert);
      write(`${name}/a.key`, key);
    }
    symlinkSync("one", path.join(folder, "data"));
    for (const file of ["a.pem", "a.key"]) symlinkSync(`data/${file}`, path.join(folder, file));
    const { poll, reloads } = await watched();
    await poll();
    symlinkSync("two", path.join(folder, "data.new"));
    renameSync(path.join(folder, "data.new"), path.join(folder, "data"));
    for (let count = 0; count < 3; count++) await poll();
    expect(reloads).toEqual([renewed]);
  });
});

describe("a file in PEM", () => {
  it("is refused when it is missing, or no file", async () => {
    const missing = `cannot load the key no.key: the file ${path.join(folder, "no.key")} does not exist`;
    await expect(readPem("key", "no.key", folder)).rejects.toThrow(missing);
    await expect(readPem("key", ".", folder)).rejects.toThrow("is not a file");
  });
});

// `spillway simulate`, within this process and in one of its own.
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { CliProcess } from "../support/cli_process.ts";
import { ranToEnd } from "../support/ran_to_end.ts";

const cwd = fileURLToPath(new URL("../fixtures/", import.meta.url));
const simulate = (...args: string[]) => ranToEnd(["simulate", ...args], { cwd });
/** Runs the command in a process of its own, for the garbage collector and for real uncaught errors. */
async function inItsOwnProcess(...args: string[]) {
  const cli = new CliProcess("simulate", ...args);
  onTestFinished(() => cli.kill());
  const { code } = await cli.ended;
  return { code, out: cli.stdout, err: cli.stderr };
}
/** Memory is measured where a test says so: that takes seconds. */
const FAST = ["--ignore", "memory-growth"];

interface Json {
  readonly seeds: { readonly done: number };
  readonly frames: number;
  readonly replies: string;
  readonly realWork: { readonly calls: number };
  readonly clientFrames: { readonly source: string };
  readonly growth: unknown;
  readonly found: {
    readonly seed: number;
    readonly kind: string;
    readonly trace: string[];
    readonly again: string;
  } | null;
}

async function json(...args: string[]): Promise<Json> {
  const { out } = await simulate(...args, ...FAST, "--json");
  return JSON.parse(out) as Json;
}

describe("spillway simulate", () => {
  it.each(["echo", "compute"])("finds nothing in %s", async (name) => {
    const { code, err, out } = await simulate(name, "--seeds", "5", ...FAST);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`^${name}: nothing found\n {2}seeds {9}5 \\(1 to 5\\)\n {2}connections {3}\\d+\n`));
    expect(out).toContain("note: the frames were guessed");
  });

  it.each([
    ["u16be", "compared"],
    ["netstring", "compared"],
    ["fixed:4", "compared"],
    ["bytes", "unknown"],
  ])("speaks the codec of echo: %s", async (codec, replies) => {
    expect(await json("echo", "--codec", codec, "--seeds", "4")).toMatchObject({ found: null, replies });
  });

  it("finds a fault, with few acts, what happens, and the command that finds it again", async () => {
    const { code, err, out } = await simulate("./simulate/mixed_up.mjs", "--seeds", "60", "--clients", "8", ...FAST);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const [, seed] = /^\.\/simulate\/mixed_up\.mjs: seed (\d+) has found a fault\n {2}reply-order: /.exec(out) ?? [];
    expect(out).toMatch(
      /\nthese are enough \(virtual milliseconds\):\n( {2}[\d.]+ \S.*\n){3,20}\nwhat happens then:\n/,
    );
    expect(out).toMatch(/\n {2}[\d.]+ connection \d+ handles "line \d+"\n/);
    const [, again = ""] = /\nagain: spillway (simulate .*)\n$/.exec(out) ?? [];
    expect(again).toBe(`simulate ./simulate/mixed_up.mjs --clients 8 --ignore memory-growth --seed ${seed} --seeds 1`);
    expect(await ranToEnd(again.split(" "), { cwd })).toMatchObject({ code: 1, out });
  });

  it("finds an unhandled rejection, and says where it comes from", async () => {
    const { code, out } = await inItsOwnProcess(
      "./simulate/rejects.mjs",
      "--frame",
      "apple",
      "--frame",
      "fig",
      ...FAST,
    );
    expect(code, out).toBe(1);
    expect(out).toMatch(/\n {2}uncaught-error: the disk is full\n.*\n {4}at .*store.*rejects\.mjs:5:\d+/);
    expect(out).toMatch(/\nthis is enough .*\n {2}a client sends "fig"\n/);
  }, 60_000);

  it("finds sessions that are kept for good", async () => {
    const { code, out } = await inItsOwnProcess("./simulate/hoards.mjs", "--seeds", "2");
    expect(code, out).toBe(1);
    expect(out).toMatch(
      /memory-growth: .* the heap grows by \d{4,} bytes for each connection; \d+ of their sessions are still/,
    );
    expect(out).toContain("\nagain: spillway simulate ./simulate/hoards.mjs --seed 1 --seeds 1\n");
  }, 120_000);

  it("measures no growth where there is none", async () => {
    const { code, out } = await inItsOwnProcess("echo", "--seeds", "2");
    expect(code, out).toBe(0);
    expect(out).toMatch(/\n {2}memory {8}no growth in 2,880 connections\n/);
  }, 120_000);

  it("waits for real work, and says that there was some", async () => {
    const { code, out } = await simulate("./simulate/real_time.mjs", "--seeds", "2", ...FAST);
    expect(code, out).toBe(0);
    expect(out).toMatch(/\nnote: [\d,]+ calls of the service waited for real work/);
  }, 60_000);

  it("gives each seed a module of its own, with virtual dates and random numbers", async () => {
    const one = await json("./simulate/one_port.mjs", "--seeds", "2");
    expect(one).toMatchObject({ found: null, seeds: { done: 2 }, realWork: { calls: 0 } });
    expect((await json("./simulate/one_port.mjs", "--seeds", "2")).frames).toBe(one.frames);
  });

  it("takes the frames of a file, and the settings of serve", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "spillway-frames-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "frames.txt");
    writeFileSync(file, "apple\r\n\nfig\n");
    const result = await json("compute", "--frames", file, "--frame", "7", "--delay", "20s", "--seeds", "3");
    expect(result).toMatchObject({ clientFrames: { source: "given", known: 3 }, found: null });
    const late = await simulate(
      "compute",
      "--delay",
      "20s",
      "--handler-timeout",
      "21s",
      "--drain-timeout",
      "1s",
      ...FAST,
    );
    expect(late.code).toBe(1);
    expect(late.out).toContain("drain-cut: the handler of connection");
  });

  it("ends at a signal, and at its time limit, with what is known", async () => {
    const signals = new EventEmitter();
    const running = ranToEnd(["simulate", "echo", "--seeds", "1000000", ...FAST], { cwd, signals });
    await new Promise((resolve) => setImmediate(resolve));
    signals.emit("SIGINT");
    expect(await running).toMatchObject({ code: 130, out: expect.stringMatching(/, of 1,000,000: interrupted\n/) });
    const limited = await simulate("echo", "--seeds", "1000000", "--time-limit", "1ms", ...FAST);
    expect(limited).toMatchObject({ code: 0, out: expect.stringMatching(/, of 1,000,000: time limit\n/) });
  });

  it.each([
    [["nosuch"], "unknown service 'nosuch'"],
    [["./simulate/nosuch.mjs"], "cannot load the service module ./simulate/nosuch.mjs"],
    [["echo", "--delay", "1s"], "option '--delay' does not apply to echo"],
    [["echo", "--seeds", "0"], "option '--seeds' cannot be '0'"],
    [["echo", "--seed", "-1"], "option '--seed' cannot be '-1'"],
    [["echo", "--ignore", "everything"], "option '--ignore' cannot be 'everything': choose from handler-failed, "],
    [["echo", "--frames", "/no/such.txt"], "cannot read the frames in /no/such.txt: "],
    [["echo", "--codec", "fixed:4", "--frame", "five5"], "none of the given frames is a frame of the service's codec"],
    [["./simulate/wrong_export.mjs"], "its export simulate has an unknown option frame; did you mean frames?"],
    [["./simulate/misuse.mjs"], "./simulate/misuse.mjs: idleTimeoutMs must be"],
    [[], "missing required argument 'service'; see 'spillway simulate --help'"],
  ])("refuses what makes no sense: %j", async (args, message) => {
    const { code, err, out } = await simulate(...args);
    expect(err).toContain(message);
    expect({ code, out, lines: err.split("\n").length }).toEqual({ code: 2, out: "", lines: 2 });
  });
});

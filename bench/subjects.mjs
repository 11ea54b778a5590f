// @ts-check
// The subjects: what is measured, what it is, and how it is started.
import { goServer } from "./go_server.mjs";
import { scriptUnderTest } from "./script_under_test.mjs";

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("../scripts/commands.mjs").Command} Command */
/** @typedef {keyof typeof SUBJECTS} Subject */

/**
 * @typedef {object} Server
 * @property {string} about
 * @property {(runtime: RuntimeName) => string} [script] below servers/, by runtime
 * @property {readonly string[]} [args]
 * @property {"each" | "empty"} [go] when the server in Go flushes
 */

const echo = () => "spillway/echo.mjs";

/** The deadlines and the line length of servers/spillway/echo.mjs. */
const CLI_OPTIONS = "--port 0 --max-frame-bytes 1048576 --silence-timeout 10m --lifetime 1h --log-level error";

/** @satisfies {Record<string, Server>} */
export const SUBJECTS = {
  spillway: { about: "Spillway: `lines()`, a synchronous handler, all deadlines on", script: echo },
  "spillway-bytes": {
    about: 'Spillway: `lines({ encoding: "bytes" })`, a synchronous handler, all deadlines on',
    script: echo,
    args: ["--encoding", "bytes"],
  },
  "spillway-async": {
    about: "Spillway: `lines()`, an `async` handler, all deadlines on",
    script: echo,
    args: ["--async"],
  },
  "spillway-async-256": {
    about: "`spillway-async` with `concurrency: 256`",
    script: echo,
    args: ["--async", "--concurrency", "256"],
  },
  "spillway-wait": {
    about: "Spillway: handlers that wait 10 ms, one of a connection at a time",
    script: echo,
    args: ["--wait"],
  },
  "spillway-wait-16": {
    about: "`spillway-wait` with `concurrency: 16`",
    script: echo,
    args: ["--wait", "--concurrency", "16"],
  },
  "spillway-metrics": {
    about: "`spillway` with `metrics()`, its middleware too",
    script: echo,
    args: ["--metrics"],
  },
  "spillway-admin": {
    about: "`spillway` with `admin()`, which nobody asks",
    script: echo,
    args: ["--admin"],
  },
  "spillway-admin-polled": {
    about: "the same server, asked for `/connections` every second",
    script: echo,
    args: ["--admin"],
  },
  "spillway-admin-polled-10": {
    about: "the same server, asked for `/connections` ten times a second",
    script: echo,
    args: ["--admin"],
  },
  "spillway-workers-2": {
    about: "`spillway` in two processes, `serveWorker()`, and a supervisor",
    script: () => "spillway/workers.mjs",
    args: ["2"],
  },
  cli: {
    about: "`spillway serve echo`, which serves byte frames, all deadlines on",
    script: () => "spillway/cli.mjs",
    args: ["serve", "echo", ...CLI_OPTIONS.split(" ")],
  },
  "spillway-frozen": {
    about: "Spillway: as `spillway`, with a clock that the bench moves",
    script: () => "spillway/frozen_echo.mjs",
  },
  "spillway-broadcast": {
    about: "Spillway: a handler that broadcasts to all connections, all deadlines on",
    script: () => "spillway/broadcast.mjs",
  },
  "spillway-fairness": {
    about: "Spillway: a handler that does what a line asks for",
    script: () => "spillway/fairness.mjs",
  },
  "spillway-tls": {
    about: "Spillway: `spillway` with `tls()`",
    script: () => "tls/echo.mjs",
  },
  "spillway-tls-bytes": {
    about: "Spillway: `bytes()` with `tls()`: received bytes are written back unread",
    script: () => "tls/echo.mjs",
    args: ["--bytes"],
  },
  "raw-tls": {
    about: "`tls.createServer` of `node:tls`, on Deno and Bun too: received bytes are written back unread",
    script: () => "tls/raw.mjs",
  },
  "split-tls": {
    about: "the same server with the least that lines can cost: decode, `split`, a handler, one string, one write",
    script: () => "tls/split.mjs",
  },
  raw: {
    about: "the runtime's own API: received bytes are written back unread; the floor",
    script: (/** @type {RuntimeName} */ runtime) => `raw/${runtime}.mjs`,
  },
  "raw-small": {
    about: "`raw`, on Deno with a read buffer of 128 bytes",
    script: (/** @type {RuntimeName} */ runtime) => `raw/${runtime}.mjs`,
    args: ["128"],
  },
  "per-line": {
    about: "common hand-written code: decode, append to a string, split, one write per line",
    script: (/** @type {RuntimeName} */ runtime) => `per_line/${runtime}.mjs`,
  },
  readline: {
    about: "`node:readline` on a Node stream, on Deno and Bun too; one write per line",
    script: () => "readline/node_net.mjs",
  },
  whatwg: {
    about: "the WHATWG pipeline: `TextDecoderStream`, a `TransformStream` that splits, `TextEncoderStream`",
    script: (/** @type {RuntimeName} */ runtime) => `whatwg/${runtime === "deno" ? "deno" : "node_net"}.mjs`,
  },
  "write-loop": {
    about: "the runtime's own API: received bytes are written to each connection in turn",
    script: (/** @type {RuntimeName} */ runtime) => `write_loop/${runtime}.mjs`,
  },
  "go-flush-each": { about: "Go's `bufio` with its default buffers, flushed after each line", go: "each" },
  "go-flush-empty": { about: "Go's `bufio` with its default buffers, flushed when no input is buffered", go: "empty" },
};

/** Ends the name of a subject of another checkout. */
const BASELINE = " (baseline)";

/** Adds to each subject of Spillway the same subject of another checkout. @param {readonly string[]} subjects */
export function withBaselines(subjects) {
  return subjects.flatMap((subject) => {
    const isSpillway = serverOf(subject)?.script?.("node").startsWith("spillway/");
    return isSpillway ? [subject, `${subject}${BASELINE}`] : [subject];
  });
}

/** @param {string} subject @returns {Server | undefined} */
function serverOf(subject) {
  return SUBJECTS[/** @type {Subject} */ (subject.replace(BASELINE, ""))];
}

/**
 * Returns the command that starts a subject.
 *
 * @param {Pick<import("./workloads/workload.mjs").Bench, "runtime" | "profileDir" | "baseline">} bench
 * @param {Subject} subject
 * @returns {Promise<Command | undefined>} nothing where Go would be needed and is not installed
 */
export async function commandOf({ runtime, profileDir, baseline }, subject) {
  const { script, args = [], go } = serverOf(subject) ?? unknown(subject);
  if (go !== undefined) {
    const program = await goServer();
    return program === undefined ? undefined : { command: program, args: [go] };
  }
  const checkout = subject.endsWith(BASELINE) ? baseline : undefined;
  return scriptUnderTest(runtime, `servers/${script?.(runtime.name)}`, { args, profileDir, checkout });
}

/** @param {string} subject @returns {never} */
function unknown(subject) {
  throw new Error(`no subject ${subject}`);
}

/**
 * Those that can be started on this machine.
 *
 * @param {readonly Subject[]} subjects
 */
export async function available(subjects) {
  const goes = !subjects.some(isGo) || (await goServer()) !== undefined;
  return subjects.filter((subject) => goes || !isGo(subject));
}

/** @param {Subject} subject */
function isGo(subject) {
  return serverOf(subject)?.go !== undefined;
}

import { escapeText } from "../../core/mod.ts";
import type { Growth, SimulationFailure } from "../../testing/mod.ts";

/** The counts of a run over seeds. */
export interface Counts {
  seeds: number;
  connections: number;
  frames: number;
  faults: number;
  virtualMs: number;
  /** The number of connections for each close reason. */
  readonly ends: Map<string, number>;
}

/** The outcome of a run over seeds. */
export interface SimulationReport {
  readonly service: string;
  readonly asked: number;
  readonly first: number;
  readonly counts: Counts;
  readonly realMs: number;
  readonly frames: {
    readonly source: "given" | "guessed" | "none";
    readonly known: number;
    readonly refused: readonly string[];
  };
  /** The checks that clients could make of replies. */
  readonly replies: "compared" | "counted" | "unknown";
  readonly realWork: { readonly calls: number; readonly ms: number };
  readonly growth: Growth | undefined;
  /** Why not all was done, if so. */
  readonly ended: "interrupted" | "time limit" | undefined;
  readonly failure: SimulationFailure | undefined;
  /** The command that repeats the failure. */
  readonly again: string | undefined;
}

/** The most lines of a trace, from its end, and the most characters of a line, that a terminal shows. */
const MOST_LINES = 60;
const LONGEST_LINE = 160;
const LONGEST_WHAT = 600;

const HOUR_MS = 3_600_000;

/** Returns the report for people. */
export function reportText(report: SimulationReport): string {
  const lines = [...(report.failure === undefined ? [wellText(report)] : failureLines(report.failure, report))];
  return `${[...lines, ...noteLines(report)].join("\n")}\n`;
}

function wellText({ service, asked, counts, ended, first, growth, realMs }: SimulationReport): string {
  const { seeds, connections, frames, faults, virtualMs, ends } = counts;
  const reasons = [...ends]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${number(count)} ${name}`);
  const rows: (readonly [string, string])[] = [
    [
      "seeds",
      `${number(seeds)}${seeds === 0 ? "" : ` (${first} to ${first + seeds - 1})`}${seeds < asked ? `, of ${number(asked)}: ${ended}` : ""}`,
    ],
    ["connections", number(connections)],
    ["frames", number(frames)],
    ["faults", number(faults)],
    ["ends", reasons.join(", ") || "none"],
    [
      "virtual time",
      virtualMs < HOUR_MS ? `${Math.round(virtualMs / 1_000)} s` : `${(virtualMs / HOUR_MS).toFixed(1)} h`,
    ],
    ["real time", `${(realMs / 1_000).toFixed(1)} s`],
    ["memory", growth === undefined ? "not measured" : `no growth in ${number(growth.connections)} connections`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`${service}: nothing found`, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join("\n");
}

function failureLines(failure: SimulationFailure, { service, again }: SimulationReport): string[] {
  const { seed, what, advice, acts, trace, repeated } = failure;
  const shown = trace.length > MOST_LINES ? trace.slice(-MOST_LINES) : trace;
  const hidden = trace.length - shown.length;
  const head = [
    `${service}: seed ${seed} has found a fault`,
    `  ${cut(what, LONGEST_WHAT)}`,
    ...(advice === undefined ? [] : [`  ${advice}`]),
    ...placeLines(failure.cause),
    "",
  ];
  // Of memory there is nothing more to tell.
  if (trace.length === 0) return [...head, `again: ${again ?? ""}`];
  return [
    ...head,
    repeated
      ? `${acts.length === 1 ? "this is" : "these are"} enough (virtual milliseconds):`
      : "the same seed did not fail again: something but the seed decides. All that happened (virtual milliseconds):",
    ...listed(acts),
    "",
    "what happens then:",
    ...(hidden > 0 ? [`  … ${hidden} lines before`] : []),
    ...shown.map((line) => `  ${cut(line, LONGEST_LINE)}`),
    "",
    `again: ${again ?? ""}`,
  ];
}

function listed(acts: readonly string[]): string[] {
  const shown = acts.length > MOST_LINES ? acts.slice(0, MOST_LINES) : acts;
  const lines = shown.map((act) => `  ${cut(act, LONGEST_LINE)}`);
  if (acts.length === 0) return ["  nothing but the start of the service"];
  return acts.length > shown.length ? [...lines, `  … ${acts.length - shown.length} more`] : lines;
}

/** The first frames of the stack of what the service threw. */
function placeLines(finding: unknown): string[] {
  const cause: unknown = (finding as { cause?: unknown } | undefined)?.cause;
  const stack = cause instanceof Error && typeof cause.stack === "string" ? cause.stack : "";
  const frames = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/node:|\/(dist|src)\/(testing|core)\//.test(line));
  return frames.slice(0, 3).map((line) => `    ${cut(line.trim().replace(/\?copy=\d+/, ""), LONGEST_LINE)}`);
}

function noteLines({ frames, replies, realWork, failure }: SimulationReport): string[] {
  const notes: string[] = [];
  if (frames.source === "none")
    notes.push(
      "clients sent random bytes only: give --frame or --frames, or export simulate.frames, for frames that the service takes",
    );
  if (frames.refused.length > 0 && frames.source === "given")
    notes.push(
      `${frames.refused.length} of the given frames are none for the codec, and were not sent: ${frames.refused.slice(0, 3).join(", ")}`,
    );
  if (failure === undefined && frames.source === "guessed")
    notes.push(
      "the frames were guessed: give --frame or --frames, or export simulate.frames, for those of your clients",
    );
  if (failure === undefined && replies === "unknown" && frames.source !== "none")
    notes.push(
      "replies were not compared, because clients cannot decode them, or get other frames, too: export simulate.codec and simulate.check",
    );
  if (realWork.calls > 0)
    notes.push(
      `${number(realWork.calls)} calls of the service waited for real work (${(realWork.ms / 1_000).toFixed(1)} s): timers that are not those of the global object, files, sockets, threads. Such runs are slow, and not exactly repeatable`,
    );
  return notes.length === 0 ? [] : ["", ...notes.map((note) => `note: ${note}`)];
}

/** Returns the report for programs. */
export function reportJson(report: SimulationReport): string {
  const { service, asked, first, counts, realMs, frames, replies, realWork, growth, ended, failure, again } = report;
  const { ends, ...sums } = counts;
  return `${JSON.stringify(
    {
      service,
      seeds: { first, asked, done: sums.seeds },
      connections: sums.connections,
      frames: sums.frames,
      faults: sums.faults,
      ends: Object.fromEntries([...ends].toSorted(([one], [other]) => (one < other ? -1 : 1))),
      virtualMs: Math.round(sums.virtualMs),
      realMs: Math.round(realMs),
      clientFrames: { source: frames.source, known: frames.known, refused: frames.refused.length },
      replies,
      realWork: { calls: realWork.calls, ms: Math.round(realWork.ms) },
      growth: growth ?? null,
      ended: ended ?? null,
      found:
        failure === undefined
          ? null
          : {
              seed: failure.seed,
              kind: failure.found ?? "invariant",
              what: failure.what,
              advice: failure.advice ?? null,
              repeated: failure.repeated,
              acts: failure.acts,
              trace: failure.trace,
              again,
            },
    },
    undefined,
    2,
  )}\n`;
}

/** Frames are escaped in a trace, but messages of errors are not. */
function cut(text: string, length: number): string {
  return escapeText(text, length);
}

function number(count: number): string {
  return count.toLocaleString("en");
}

import { Fields } from "./fields.ts";
import { type Line, line, type Span } from "./line.ts";
import { ageText, rateText, timeText, wholeText } from "./quantities.ts";
import type { Rates } from "./rates.ts";

/** A worker, as `/stats` of a supervisor shows it. */
export interface WorkerRow {
  readonly slot: number;
  readonly pid: number;
  readonly state: string;
  readonly answered: boolean;
  readonly ageMs: number | undefined;
  /** Of one that has answered. */
  readonly connections: number | undefined;
  readonly loopDelayMs: number | undefined;
  /** Per second since the last look; absent at the first one. */
  readonly framesInRate: number | undefined;
  readonly framesOutRate: number | undefined;
  readonly bytesInRate: number | undefined;
  readonly bytesOutRate: number | undefined;
}

/** Returns the workers of `/stats`; `undefined` if the server has none. */
export function workerRows(stats: unknown, rates: Rates, atMs: number): readonly WorkerRow[] | undefined {
  const fields = new Fields(stats);
  if (!fields.has("workers")) return undefined;
  return fields.list("workers").map((worker) => workerRow(new Fields(worker), rates, atMs));
}

function workerRow(fields: Fields, rates: Rates, atMs: number): WorkerRow {
  const answered = fields.flag("answered");
  const pid = fields.number("pid");
  const server = fields.object("server");
  const counts = ["framesIn", "framesOut", "bytesIn", "bytesOut"].map((name) => server.number(name));
  const since = answered ? rates.next(`worker ${pid}`, atMs, counts) : undefined;
  return {
    slot: fields.number("slot"),
    pid,
    state: fields.text("state"),
    answered,
    ageMs: fields.maybeNumber("ageMs"),
    connections: answered ? server.number("connections") : undefined,
    loopDelayMs: answered ? fields.number("loopDelayMs") : undefined,
    framesInRate: since?.[0],
    framesOutRate: since?.[1],
    bytesInRate: since?.[2],
    bytesOutRate: since?.[3],
  };
}

/** Returns a line for each worker: at most so many lines. */
export function workerLines(workers: readonly WorkerRow[], most: number): readonly Line[] {
  if (most < 1) return [];
  const shown = workers.length <= most ? workers : workers.slice(0, most - 1);
  const lines = shown.map(workerLine);
  const more = workers.length - shown.length;
  return more === 0 ? lines : [...lines, line(`and ${more} more workers`, "dim")];
}

function workerLine(worker: WorkerRow): Line {
  const { ageMs, answered, connections, framesInRate, framesOutRate, loopDelayMs, pid, slot, state } = worker;
  const silent = !answered && (state === "serving" || state === "draining");
  const begin: Span[] = [
    { text: `worker ${slot} `, tone: "dim" },
    silent ? { text: "no answer", tone: "bad" } : { text: state, tone: state === "serving" ? "good" : "warn" },
    { text: `   process ${pid}${ageMs === undefined ? "" : `   up ${ageText(ageMs)}`}` },
  ];
  if (connections === undefined) return begin;
  const frames = `${rateText(framesInRate)} in ${rateText(framesOutRate)} out`;
  return [
    ...begin,
    { text: `   connections ${wholeText(connections)}   frames/s ${frames}   loop delay ${timeText(loopDelayMs)}` },
  ];
}

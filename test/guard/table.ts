import type { Measured, RuntimeName } from "./child.ts";
import type { Cost } from "./measure.ts";

type Counted = Readonly<Record<string, number>>;

/** The cost that each case may have, as written down in table.json. A count that is 0 is left out. */
export interface Table {
  /** The engines that have made these counts. */
  readonly engines: Readonly<Record<RuntimeName, string>>;
  readonly costs: Readonly<Record<string, Row>>;
}

interface Row extends Readonly<Record<RuntimeName, Counted>> {
  /** The calls to transport, clock and codec, on every runtime. */
  readonly asked: Counted;
}

/** Promises are exact. The rest differs a little from run to run: a table somewhere grows. */
const TOLERANCE: Counted = { bytes: 0.03, objects: 0.03 };
/** Of what costs next to nothing. */
const SLACK: Counted = { bytes: 8, objects: 0.5 };
/** On another version of an engine, which may lay out its objects, and make its streams, in another way. */
const ELSEWHERE = 0.25;

/** Where what was measured is not what is written down, in words; nothing when it is. */
export function differences(name: string, table: Table, runtime: RuntimeName, measured: Measured): string[] {
  const row = table.costs[name];
  const cost = measured.costs[name];
  if (row === undefined || cost === undefined) {
    return [`"${name}" is ${row === undefined ? "not in the table" : "no case any more"}${howToChange()}`];
  }
  const asked = compare(row.asked, cost.asked, isSame).map((change) => `"${name}": ${change}${howToChange()}`);
  const known = table.engines[runtime] === measured.engine;
  const made = compare(row[runtime], cost.engine, known ? isNear : isNoMore);
  const where = known ? runtime : `${runtime} (${measured.engine}; the table is of ${table.engines[runtime]})`;
  return [...asked, ...made.map((change) => `"${name}" on ${where}: ${change}${howToChange()}`)];
}

/** The table with what was measured on some runtimes. */
export function updated(table: Table, measured: Readonly<Partial<Record<RuntimeName, Measured>>>): Table {
  const runs = Object.entries(measured);
  const engines = { ...table.engines, ...Object.fromEntries(runs.map(([runtime, { engine }]) => [runtime, engine])) };
  const names = Object.keys(runs[0]?.[1].costs ?? table.costs);
  const rowOf = (name: string) => {
    const costs = runs.map(([runtime, run]) => [runtime, run.costs[name] as Cost] as const);
    const asked = costs[0]?.[1].asked ?? {};
    const made = costs.map(([runtime, { engine }]) => [runtime, withoutZeros(engine)]);
    return [name, { ...table.costs[name], asked: withoutZeros(asked), ...Object.fromEntries(made) } as Row];
  };
  return { engines, costs: Object.fromEntries(names.map(rowOf)) as Table["costs"] };
}

function compare(written: Counted, seen: Counted, fits: (kind: string, from: number, to: number) => boolean): string[] {
  const kinds = new Set([...Object.keys(written), ...Object.keys(seen)]);
  return [...kinds].flatMap((kind) => {
    const [from, to] = [written[kind] ?? 0, seen[kind] ?? 0];
    return fits(kind, from, to) ? [] : [`${kind} ${to > from ? "grew" : "fell"} from ${from} to ${to}`];
  });
}

function isSame(_kind: string, from: number, to: number): boolean {
  return from === to;
}

function isNear(kind: string, from: number, to: number): boolean {
  return Math.abs(to - from) <= from * (TOLERANCE[kind] ?? 0) + (SLACK[kind] ?? 0);
}

function isNoMore(kind: string, from: number, to: number): boolean {
  return to <= from * (1 + ELSEWHERE) + (SLACK[kind] ?? 0);
}

function howToChange(): string {
  return ". If that is meant: npm run guard -- --write, which puts it into test/guard/table.json";
}

function withoutZeros(counts: Counted): Counted {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

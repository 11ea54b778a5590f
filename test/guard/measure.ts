import { type Case, DONE, HELD } from "./cases.ts";
import type { CountedServer } from "./counted_server.ts";
import { type Counts, noCounts } from "./counts.ts";
import type { Engine, EngineCounts } from "./engine.ts";

const WARM_UPS = 5;

/** The cost of a case: each number is that of one time. */
export interface Cost {
  /** The core's calls to transport, clock and codec, or its objects of them: the same on every runtime. */
  readonly asked: Readonly<Record<string, number>>;
  /** Of this runtime's engine. */
  readonly engine: EngineCounts;
}

export type Costs = Readonly<Record<string, Cost>>;

export function costsOfDone(engine: Engine): Costs {
  return Object.fromEntries(DONE.map((one) => [one.name, costOfDone(one, engine)]));
}

export function costsOfHeld(engine: Engine): Costs {
  return Object.fromEntries(HELD.map((one) => [one.name, costOfHeld(one, engine)]));
}

function costOfDone(one: Case, engine: Engine): Cost {
  const { server, run } = warm(one, engine);
  Object.assign(server.counts, noCounts());
  run();
  const asked = each(server.counts, one.times);
  return { asked, engine: each(engine.made(run), one.times) };
}

/** Timers and streams are those of all together. */
function costOfHeld(one: Case, engine: Engine): Cost {
  const { server, run } = warm(one, engine);
  const held = engine.held(run);
  return { asked: server.held, engine: each(held, one.times) };
}

/** The first few times make what is made once: code, what the engine learns of it, buffers. */
function warm({ times, start }: Case, engine: Engine): { server: CountedServer; run: () => void } {
  const { server, once } = start(engine.drain);
  const run = () => {
    for (let done = 0; done < times; done += 1) once();
  };
  for (let done = 0; done < WARM_UPS; done += 1) run();
  return { server, run };
}

function each(totals: Counts | EngineCounts, times: number): Record<string, number> {
  return Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, round(total / times)]));
}

/** Enough to see one more in a hundred. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

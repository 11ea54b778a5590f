import { describe } from "../core/mod.ts";
import { kindOf } from "./broken_invariant.ts";
import { Finding } from "./finding.ts";
import { type Happening, shrink } from "./shrink.ts";
import type { Simulation } from "./simulation.ts";
import { SimulationFailure } from "./simulation_failure.ts";

/** Returns the error of a failure, with the smallest set of acts that was found to cause it. */
export async function explain<What extends Happening>(
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal },
  acts: readonly What[],
  label: (act: What) => string,
  playActs: (acts: readonly What[], keepTrace: boolean) => Promise<Simulation>,
  failure: unknown,
): Promise<unknown> {
  if (signal?.aborted) return signal.reason;
  const kind = kindOf(failure);
  const fails = async (fewer: readonly What[]): Promise<boolean> => {
    if (signal?.aborted) return false;
    const again = await playActs(fewer, false);
    return again.failure !== undefined && kindOf(again.failure) === kind;
  };
  const repeated = await fails(acts);
  const few = repeated ? await shrink(acts, fails) : acts;
  const last = await playActs(few, true);
  const shown = kindOf(last.failure) === kind ? last.failure : failure;
  const finding = shown instanceof Finding ? shown : undefined;
  return new SimulationFailure({
    seed,
    cause: shown,
    found: finding?.found,
    what: finding === undefined ? describe(shown) : finding.message,
    advice: finding?.advice,
    acts: few.map(label),
    allActs: acts.length,
    trace: last.trace.lines,
    repeated,
  });
}

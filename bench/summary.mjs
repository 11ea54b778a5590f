// @ts-check
// From samples to what is printed: medians with their spread, and what became of the targets.

/** @typedef {import("./works/work.mjs").Sample} Sample */
/** @typedef {import("./works/work.mjs").Target} Target */
/** @typedef {{ median: number, lowest: number, highest: number }} Spread */
/** @typedef {{ candidate: string, value: Spread, perSecond: number, busy: number, generatorBusy: number }} Row */
/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {{ atMost: number | undefined, atLeast: number | undefined }} Bounds those of one runtime */
/** @typedef {Omit<Target, keyof Bounds> & Bounds & { value: Spread, met: boolean }} Outcome */

/**
 * @param {Sample[]} samples
 * @returns {Row[]}
 */
export function rows(samples) {
  const candidates = [...new Set(samples.map(({ candidate }) => candidate))];
  return candidates.map((candidate) => {
    const own = samples.filter((sample) => sample.candidate === candidate);
    const median = (/** @type {"perSecond" | "busy" | "generatorBusy"} */ name) =>
      spread(own.map((sample) => sample[name] ?? Number.NaN)).median;
    return {
      candidate,
      value: spread(own.map(({ value }) => value)),
      perSecond: median("perSecond"),
      busy: median("busy"),
      generatorBusy: median("generatorBusy"),
    };
  });
}

/**
 * @param {Sample[]} samples
 * @param {Target[]} targets
 * @param {RuntimeName} runtime
 * @returns {Outcome[]}
 */
export function outcomes(samples, targets, runtime) {
  const measured = targets.filter((target) => samples.some(({ candidate }) => candidate === target.candidate));
  return measured.map((target) => {
    const value = spread(values(samples, target));
    const { atMost, atLeast } = boundsOf(target, runtime);
    const met =
      value.median <= (atMost ?? Number.POSITIVE_INFINITY) && value.median >= (atLeast ?? Number.NEGATIVE_INFINITY);
    return { ...target, atMost, atLeast, value, met };
  });
}

/** @param {Target} target @param {RuntimeName} runtime */
function boundsOf({ atMost, atLeast }, runtime) {
  const own = (/** @type {import("./works/work.mjs").Bound | undefined} */ bound) =>
    typeof bound === "object" ? bound[runtime] : bound;
  return { atMost: own(atMost), atLeast: own(atLeast) };
}

/** A ratio is taken within a round, where both ran one after the other. @param {Sample[]} samples @param {Target} target */
function values(samples, { candidate, relativeTo }) {
  const own = samples.filter((sample) => sample.candidate === candidate);
  if (relativeTo === undefined) return own.map(({ value }) => value);
  return own.map(({ round, value }) => {
    const other = samples.find((sample) => sample.candidate === relativeTo && sample.round === round);
    return value / (other?.value ?? Number.NaN);
  });
}

/** @param {number[]} numbers @returns {Spread} */
function spread(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
  return { median, lowest: sorted[0] ?? Number.NaN, highest: sorted.at(-1) ?? Number.NaN };
}

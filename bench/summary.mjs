// @ts-check
// From samples to what is printed: medians with their spread, and what became of the targets.

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./works/work.mjs").Sample} Sample */
/** @typedef {import("./works/work.mjs").Target} Target */
/** @typedef {{ median: number, lowest: number, highest: number }} Spread */
/** @typedef {{ candidate: string, value: Spread, perSecond: number, busy: number, generatorBusy: number }} Row */
/** @typedef {Omit<Target, "atMost"> & { atMost?: number }} Bounded a target on one runtime */
/** @typedef {Bounded & { value: Spread, met: boolean }} Outcome */

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
  const names = new Set(samples.map(({ candidate }) => candidate));
  const measured = targets.filter(
    ({ candidate, relativeTo = candidate }) => names.has(candidate) && names.has(relativeTo),
  );
  return measured.map((target) => {
    const value = spread(values(samples, target));
    const bounded = boundedOn(runtime, target);
    const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = bounded;
    return { ...bounded, value, met: value.median <= atMost && value.median >= atLeast };
  });
}

/** @param {RuntimeName} runtime @param {Target} target @returns {Bounded} */
function boundedOn(runtime, { atMost, ...target }) {
  if (atMost === undefined) return target;
  return { ...target, atMost: typeof atMost === "object" ? atMost[runtime] : atMost };
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

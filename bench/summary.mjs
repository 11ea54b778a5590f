// @ts-check
// From samples to what is printed: medians with their spread, and what became of the targets.

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./works/work.mjs").Bound} Bound */
/** @typedef {import("./works/work.mjs").Sample} Sample */
/** @typedef {import("./works/work.mjs").Target} Target */
/** @typedef {{ median: number, lowest: number, highest: number }} Spread */
/** @typedef {{ candidate: string, relativeTo?: string, atMost?: number, atLeast?: number }} Applied a target on one runtime */
/** @typedef {Applied & { value: Spread, met: boolean }} Outcome */

/**
 * @typedef {object} Row one candidate in all its rounds
 * @property {string} candidate
 * @property {Spread} value
 * @property {number | undefined} [perSecond]
 * @property {number | undefined} [busy]
 * @property {number | undefined} [generatorBusy]
 */

/**
 * @param {Sample[]} samples
 * @returns {Row[]}
 */
export function rows(samples) {
  const candidates = [...new Set(samples.map(({ candidate }) => candidate))];
  return candidates.map((candidate) => {
    const own = samples.filter((sample) => sample.candidate === candidate);
    const median = (/** @type {"perSecond" | "busy" | "generatorBusy"} */ name) => {
      const known = own.flatMap((sample) => sample[name] ?? []).filter(Number.isFinite);
      return known.length === 0 ? undefined : spread(known).median;
    };
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
 * The targets that a runtime has, with its own bounds.
 *
 * @param {Target[]} targets
 * @param {RuntimeName} runtime
 * @returns {Applied[]}
 */
export function targetsOn(targets, runtime) {
  return targets.flatMap(({ atMost, atLeast, ...target }) => {
    const most = boundOn(atMost, runtime);
    const least = boundOn(atLeast, runtime);
    if (most === undefined && least === undefined) return [];
    return { ...target, ...(most !== undefined && { atMost: most }), ...(least !== undefined && { atLeast: least }) };
  });
}

/** @param {Bound | undefined} bound @param {RuntimeName} runtime */
function boundOn(bound, runtime) {
  return typeof bound === "object" ? bound[runtime] : bound;
}

/**
 * What became of the targets; of those whose candidates were not measured, nothing.
 *
 * @param {Sample[]} samples
 * @param {Applied[]} targets
 * @returns {Outcome[]}
 */
export function outcomes(samples, targets) {
  return targets.flatMap((target) => {
    const measured = values(samples, target);
    if (measured.length === 0) return [];
    const value = spread(measured);
    const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
    return { ...target, value, met: value.median <= atMost && value.median >= atLeast };
  });
}

/**
 * How much of what its target allows an outcome takes: up to 1, the target is met.
 *
 * @param {Applied} target
 * @param {number} value
 */
export function shareOfTarget({ atMost, atLeast = Number.NaN }, value) {
  return atMost === undefined ? atLeast / value : value / atMost;
}

/**
 * How one candidate compares to another, if both were measured.
 *
 * @param {Sample[]} samples
 * @param {string} candidate
 * @param {string} relativeTo
 */
export function ratio(samples, candidate, relativeTo) {
  const ratios = values(samples, { candidate, relativeTo });
  return ratios.length === 0 ? undefined : spread(ratios);
}

/** A ratio is taken within a round, where both ran one after the other. @param {Sample[]} samples @param {Applied} target */
function values(samples, { candidate, relativeTo }) {
  const own = samples.filter((sample) => sample.candidate === candidate);
  if (relativeTo === undefined) return own.map(({ value }) => value);
  return own.flatMap(({ round, value }) => {
    const other = samples.find((sample) => sample.candidate === relativeTo && sample.round === round);
    return other === undefined ? [] : value / other.value;
  });
}

/** @param {number[]} numbers @returns {Spread} */
function spread(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
  return { median, lowest: sorted[0] ?? Number.NaN, highest: sorted.at(-1) ?? Number.NaN };
}

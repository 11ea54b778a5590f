// @ts-check
// From samples to lines of a table: medians with their spread, ratios within a round, and whether targets are met.

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./workloads/workload.mjs").Sample} Sample */
/** @typedef {import("./workloads/workload.mjs").Row} Row */
/** @typedef {{ median: number, lowest: number, highest: number }} Spread */

/**
 * @typedef {object} Line one subject of a row, in all its rounds
 * @property {string} row
 * @property {string} subject
 * @property {Spread} value
 * @property {string} [reference] what the ratio is relative to
 * @property {Spread} [ratio]
 * @property {number} [atMost] the target: of the ratio, or of the value where there is no reference
 * @property {boolean} [met]
 * @property {number} [perSecond]
 * @property {number} [busy]
 * @property {number} [generatorBusy]
 */

/**
 * @param {readonly Row[]} rows
 * @param {readonly Sample[]} samples
 * @param {RuntimeName} runtime
 * @returns {Line[]} of what was measured
 */
export function summarize(rows, samples, runtime) {
  return rows.flatMap(({ name, subjects, reference, targets }) => {
    const ofRow = samples.filter(({ row }) => row === name);
    return subjects.flatMap((subject) => {
      const own = ofRow.filter((sample) => sample.subject === subject);
      if (own.length === 0) return [];
      const value = spread(own.map((sample) => sample.value));
      const isCompared = reference !== undefined && reference !== subject;
      const ratio = isCompared ? ratioTo(own, ofRow, reference) : undefined;
      const bound = targets?.[subject];
      const atMost = typeof bound === "object" ? bound[runtime] : bound;
      const judged = reference === undefined ? value : ratio;
      return {
        row: name,
        subject,
        value,
        ...(ratio !== undefined && { reference, ratio }),
        ...(atMost !== undefined && judged !== undefined && { atMost, met: judged.median <= atMost }),
        ...medianOf(own, "perSecond"),
        ...medianOf(own, "busy"),
        ...medianOf(own, "generatorBusy"),
      };
    });
  });
}

/** How much of what its target allows a line takes: up to 1, the target is met. @param {Line} line */
export function shareOfTarget({ value, ratio = value, atMost = Number.NaN }) {
  return ratio.median / atMost;
}

/**
 * A ratio is taken within a round, in which both subjects ran one after the other.
 *
 * @param {readonly Sample[]} own
 * @param {readonly Sample[]} all
 * @param {string} reference
 */
function ratioTo(own, all, reference) {
  const ratios = own.flatMap(({ round, value }) => {
    const other = all.find((sample) => sample.subject === reference && sample.round === round);
    return other === undefined ? [] : value / other.value;
  });
  return ratios.length === 0 ? undefined : spread(ratios);
}

/** @template {"perSecond" | "busy" | "generatorBusy"} Name @param {readonly Sample[]} samples @param {Name} name */
function medianOf(samples, name) {
  const known = samples.map((sample) => sample[name] ?? Number.NaN).filter(Number.isFinite);
  return known.length === 0 ? {} : { [name]: spread(known).median };
}

/** @param {number[]} numbers @returns {Spread} */
function spread(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
  return { median, lowest: sorted[0] ?? Number.NaN, highest: sorted.at(-1) ?? Number.NaN };
}

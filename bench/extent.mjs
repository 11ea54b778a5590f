// @ts-check

/**
 * How much of a workload a run measures.
 *
 * @template {{ rounds: number }} Extent
 * @param {Pick<import("./workloads/workload.mjs").Bench, "quick" | "rounds">} bench
 * @param {Extent} full
 * @param {Extent} quick
 * @returns {Extent}
 */
export function extentOf({ quick: isQuick, rounds }, full, quick) {
  const extent = isQuick ? quick : full;
  return rounds === undefined ? extent : { ...extent, rounds };
}

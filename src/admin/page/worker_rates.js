// @ts-check
import { Rates } from "./rates.js";

const NAMES = /** @type {const} */ (["framesIn", "framesOut", "bytesIn", "bytesOut"]);

/**
 * Rates of each worker, and their sums. The counts of a worker begin anew with its process, and are missing while it does
 * not answer: so it is rates that are added up, not counts.
 */
export class WorkerRates {
  /** @type {Map<number, Rates>} */
  #rates = new Map();

  /**
   * @param {number} at in ms
   * @param {readonly any[]} workers
   * @returns {{ sums: Record<string, number | null>, byPid: Map<number, Record<string, number | null>> }}
   */
  next(at, workers) {
    /** @type {Record<string, number | null>} */
    const sums = Object.fromEntries(NAMES.map((name) => [name, null]));
    const byPid = new Map();
    const pids = new Set(workers.map(({ pid }) => pid));
    for (const pid of this.#rates.keys()) if (!pids.has(pid)) this.#rates.delete(pid);
    for (const { pid, server } of workers) {
      if (!server) continue;
      const rates = this.#rates.get(pid) ?? new Rates();
      this.#rates.set(pid, rates);
      const own = rates.next(at, Object.fromEntries(NAMES.map((name) => [name, server[name] ?? 0])));
      byPid.set(pid, own);
      for (const name of NAMES) {
        const rate = own[name] ?? null;
        if (rate !== null) sums[name] = (sums[name] ?? 0) + rate;
      }
    }
    return { sums, byPid };
  }

  forget() {
    this.#rates.clear();
  }
}

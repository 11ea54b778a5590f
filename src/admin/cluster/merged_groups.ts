import { shownName } from "../shown.ts";
import type { GroupsAnswer } from "./question.ts";

/** Adds up the groups of all workers by their names, the largest first. */
export function mergedGroups(
  answers: readonly GroupsAnswer[],
  { limit, offset }: { limit: number; offset: number },
): { total: number; offset: number; limit: number; complete: boolean; groups: { name: string; size: number }[] } {
  const sizes = new Map<string, number>();
  for (const { groups } of answers) {
    for (const [name, size] of groups) sizes.set(name, (sizes.get(name) ?? 0) + size);
  }
  const complete = answers.every(({ groups, total }) => groups.length >= total);
  const sorted = [...sizes].toSorted(([one, size], [other, otherSize]) => otherSize - size || (one < other ? -1 : 1));
  const groups = sorted.slice(offset, offset + limit).map(([name, size]) => ({ name: shownName(name), size }));
  // Of the groups that a worker has left out, each may be one of another worker's.
  const most = Math.max(sizes.size, ...answers.map(({ total }) => total));
  return { total: most, offset, limit, complete, groups };
}

import { orderOf, type Position } from "./order.ts";
import type { MarksAnswer, RowsAnswer } from "./question.ts";

/** The answer of a worker. */
export interface Of<Answer> {
  readonly pid: number;
  readonly slot: number;
  readonly answer: Answer;
}

/** From where on each worker is asked for how many connections. */
export interface Start {
  readonly from: Position | undefined;
  readonly limit: number;
}

/**
 * Finds a position at most `offset` connections from the first one of all workers, and as near to that as marks tell. The
 * rank of a mark is exact within its worker, and known to within a step in every other.
 */
export function startOf(
  marks: readonly Of<MarksAnswer>[],
  { descending, limit, offset }: { descending: boolean; limit: number; offset: number },
): Start {
  const all = marks.flatMap(({ answer, pid }, at) =>
    answer.marks.map(([key, id], index) => ({ at, index, position: { key, id, pid } })),
  );
  const compare = orderOf(descending);
  all.sort((one, other) => compare(one.position, other.position));
  // The most and the least connections of each worker that are before the mark.
  const most = marks.map(() => 0);
  const least = marks.map(() => 0);
  let sumOfMost = 0;
  let sumOfLeast = 0;
  let from: Position | undefined;
  let behind = offset;
  for (const { at, index, position } of all) {
    const { step } = (marks[at] as Of<MarksAnswer>).answer;
    const exact = index * step;
    sumOfMost += exact - (most[at] as number);
    sumOfLeast += exact - (least[at] as number);
    most[at] = exact;
    least[at] = exact;
    if (sumOfMost > offset) break;
    from = position;
    behind = offset - sumOfLeast;
    // The next mark of this worker is later: up to a step of its connections may be before those of others.
    most[at] = exact + step;
    least[at] = exact + 1;
    sumOfMost += step;
    sumOfLeast += 1;
  }
  return { from, limit: behind + limit };
}

/** Merges what workers have answered from a start on into one page. */
export function mergedConnections(
  answers: readonly Of<RowsAnswer>[],
  { descending, limit, offset }: { descending: boolean; limit: number; offset: number },
  idOf: (pid: number, id: number) => string,
): { total: number; matching: number; connections: object[] } {
  const sum = (of: (answer: RowsAnswer) => number) => answers.reduce((all, { answer }) => all + of(answer), 0);
  const rows = answers.flatMap(({ answer, pid, slot }) =>
    answer.rows.map(({ key, record }) => ({ key, id: record.id, pid, slot, record })),
  );
  rows.sort(orderOf(descending));
  // Connections that came since the marks were made may push the page a little.
  const skip = Math.max(0, offset - sum(({ before }) => before));
  const connections = rows
    .slice(skip, skip + limit)
    .map(({ pid, record, slot }) => ({ ...record, id: idOf(pid, record.id), worker: slot }));
  return { total: sum(({ total }) => total), matching: sum(({ matching }) => matching), connections };
}

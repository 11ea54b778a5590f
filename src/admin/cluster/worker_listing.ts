import type { ObservedServer, Session } from "../../core/mod.ts";
import { BestOf } from "../best_of.ts";
import { connectionRecord, IN_A_LIST } from "../connection_record.ts";
import { keyAt, type ListingHost, matches, pause } from "../listing.ts";
import { Slices } from "../slices.ts";
import { orderOf, type Position } from "./order.ts";
import type { ClusterOrder, GroupsAnswer, MarksAnswer, RowsAnswer } from "./question.ts";

/** The number of marks of a worker. */
const MOST_MARKS = 1_000;
/** A name is no longer than this between processes: longer ones with the same beginning count as one group. */
const MOST_NAME = 1_024;

interface Row extends Position {
  readonly session: Session<never>;
}

/** Returns connections from a position on, in slices. @throws {Gone} */
export async function listRows(
  server: ObservedServer,
  { from, limit, order, pid }: { order: ClusterOrder; limit: number; from?: Position | undefined; pid: number },
  host: ListingHost,
): Promise<RowsAnswer> {
  const slices = new Slices(host);
  const compare = orderOf(order.descending);
  const best = new BestOf<Row>(limit, compare);
  let total = 0;
  let matching = 0;
  let before = 0;
  const key = keyAt(order.sort, order.at);
  for (const session of server.sessions) {
    total += 1;
    if (matches(session, order)) {
      matching += 1;
      const row: Row = { key: key(session), id: session.connection.id, pid, session };
      if (from !== undefined && compare(row, from) < 0) before += 1;
      else best.push(row);
    }
    if (slices.spend()) await pause(slices, host);
  }
  const rows = (await sorted(best, slices, host)).map((row) => ({ key: row.key, session: row.session }));
  const listed: RowsAnswer["rows"][number][] = [];
  for (const row of rows) {
    listed.push({ key: row.key, record: connectionRecord(row.session, IN_A_LIST, host.describe) });
    if (slices.spend(8)) await pause(slices, host);
  }
  return { total, matching, before, rows: listed };
}

/** Returns where connections are in the order, at regular distances, in slices. @throws {Gone} */
export async function listMarks(
  server: ObservedServer,
  { most, order, pid }: { order: ClusterOrder; most: number; pid: number },
  host: ListingHost,
): Promise<MarksAnswer> {
  const slices = new Slices(host);
  const best = new BestOf<Position>(most, orderOf(order.descending));
  const key = keyAt(order.sort, order.at);
  let matching = 0;
  for (const session of server.sessions) {
    if (matches(session, order)) {
      matching += 1;
      best.push({ key: key(session), id: session.connection.id, pid });
    }
    if (slices.spend()) await pause(slices, host);
  }
  const positions = await sorted(best, slices, host);
  const step = Math.max(1, Math.ceil(positions.length / MOST_MARKS));
  const marks = positions.filter((_, index) => index % step === 0).map(({ id, key: at }) => [at, id] as const);
  return { matching, step, marks };
}

/** Returns the largest groups, in slices. @throws {Gone} */
export async function listGroupSizes(server: ObservedServer, most: number, host: ListingHost): Promise<GroupsAnswer> {
  const slices = new Slices(host);
  const best = new BestOf<readonly [name: string, size: number]>(
    most,
    ([one, size], [other, otherSize]) => otherSize - size || (one < other ? -1 : 1),
  );
  let total = 0;
  for (const { name, size } of server.groups) {
    total += 1;
    best.push([name.slice(0, MOST_NAME), size]);
    if (slices.spend()) await pause(slices, host);
  }
  return { total, groups: await sorted(best, slices, host) };
}

/** Empties a heap, in order. @throws {Gone} */
async function sorted<Value>(best: BestOf<Value>, slices: Slices, host: ListingHost): Promise<Value[]> {
  const values: Value[] = [];
  while (best.size > 0) {
    values.push(best.popLast() as Value);
    if (slices.spend()) await pause(slices, host);
  }
  return values.toReversed();
}

// `spillway top` at the endpoint of a supervisor.
import { describe, expect, it } from "vitest";
import { AdminClient } from "../../../src/cli/top/admin_client.ts";
import { adminPlaceOf } from "../../../src/cli/top/admin_place.ts";
import { lineText } from "../../../src/cli/top/line.ts";
import { type LookQuery, Looks } from "../../../src/cli/top/look.ts";
import { jsonText, plainText } from "../../../src/cli/top/plain_look.ts";
import { rowsOfPage, screenLines } from "../../../src/cli/top/screen.ts";
import { ClusterWatched, FakeWorker } from "../../admin/support/fake_cluster.ts";
import { viewOf } from "./support/looks.ts";

const query: LookQuery = {
  serverSort: "id",
  descending: false,
  address: "",
  group: "",
  limit: 1_000,
  detailsOf: "1002-3",
};
const order = { sort: "id", descending: false } as const;

describe("top with workers", () => {
  it("shows whose each connection is, a line of each worker, and the sum of their rates", async () => {
    const connections = [{ id: 1 }, { id: 3 }];
    const workers = [new FakeWorker(1, 1, connections), new FakeWorker(2, 2, connections)];
    await using watched = await ClusterWatched.start(workers);
    const client = new AdminClient(adminPlaceOf(watched.url), undefined);
    let now = 0;
    const looks = new Looks(client, () => now);
    await looks.next(query);
    now += 1_000;
    const look = await looks.next(query);
    expect(look.rows.map(({ id, worker }) => [id, worker])).toEqual([
      ["1001-1", 1],
      ["1002-1", 2],
      ["1001-3", 1],
      ["1002-3", 2],
    ]);
    expect(look.details).toMatchObject({ id: "1002-3", more: [["worker", "2"]] });
    expect(look.rates).toEqual({ framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0 });
    const text = plainText(look, order, Infinity).split("\n");
    expect(text[4]).toMatch(/^worker 1 serving {3}process 1001 {3}up \S+ {3}connections 2 {3}frames\/s 0 in 0 out/);
    expect(text[7]).toMatch(/^ {3}ID▲ .* WORKER /);
    expect(JSON.parse(jsonText(look, order, "here"))).toMatchObject({
      workers: [{ slot: 1, pid: 1_001, connections: 2 }, { slot: 2 }],
      connections: [{ id: "1001-1", worker: 1 }, {}, {}, {}],
    });

    // A screen gives a fifth of its rows to workers.
    for (const [rows, shown] of [
      [24, 2],
      [9, 0],
      [8, 0],
    ] as const) {
      const lines = screenLines(viewOf(look), { columns: 120, rows }).map(lineText);
      expect(lines.filter((line) => line.startsWith("worker"))).toHaveLength(shown);
      expect(lines).toHaveLength(rows);
      const titles = lines.findIndex((line) => line.includes("ADDRESS"));
      expect(rowsOfPage({ rows, columns: 120 }, look)).toBe(rows - titles - 2);
    }

    (workers[0] as FakeWorker).stopped = true;
    expect(plainText(await looks.next(query), order, Infinity)).toMatch(/^worker 1 no answer {3}process 1001/m);
    client.close();
  });
});

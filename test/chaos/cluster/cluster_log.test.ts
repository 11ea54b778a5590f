import { describe, expect, it } from "vitest";
import { ClusterLog } from "./cluster_log.ts";

function log(...events: [event: string, pid: number][]): ClusterLog {
  const found = new ClusterLog();
  for (const [index, [event, pid]] of events.entries()) found.add(JSON.stringify({ event, pid }), index);
  return found;
}

describe("the log of a cluster", () => {
  it("says which workers serve", () => {
    expect([...log(["worker-started", 1], ["worker-ready", 1], ["worker-ready", 2]).serving]).toEqual([1, 2]);
    for (const event of ["worker-draining", "worker-killed", "worker-ended"]) {
      expect([...log(["worker-ready", 1], ["worker-ready", 2], [event, 1]).serving]).toEqual([2]);
    }
  });

  it("says whether a worker has ended, and what happened when", () => {
    const found = log(["worker-ready", 1], ["worker-killed", 1], ["worker-ended", 2]);
    expect([1, 2, 3].map((pid) => found.hasEnded(pid))).toEqual([true, true, false]);
    expect(found.of("worker-ended").map(({ at }) => at)).toEqual([2]);
  });

  it("keeps lines that are no records", () => {
    const found = new ClusterLog();
    for (const line of ["boom", "12", "null"]) found.add(line, 0);
    expect(found.records).toEqual(["boom", "12", "null"].map((line) => ({ at: 0, line })));
  });
});

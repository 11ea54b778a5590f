import { seededRandom } from "spillway/testing";
import { describe, expect, it } from "vitest";
import { Ledger } from "../ledger.ts";
import type { Visit } from "../visit.ts";
import type { LogRecord } from "./cluster_log.ts";
import { connectionName, type Handled } from "./handled.ts";
import {
  type ClusterCourse,
  CROSSING_MS,
  DRAIN_BOUND_MS,
  judgeCluster,
  RECOVERY_MS,
  type Step,
} from "./judge_cluster.ts";

const HALE = 100;
const KILLED = 200;
const KILL: Step = { acts: ["kill"], from: 1_000, until: 2_000, serving: 2, pausesMs: 0 };

/** A connection to a process, with three requests, of which so many were answered. */
function visited(pid: number | undefined, answers: number, change: Partial<Visit> = {}): Visit {
  const ledger = new Ledger("compute", "t1");
  const random = seededRandom(1);
  if (pid !== undefined) ledger.take(`hello ${connectionName(pid, 1)}`);
  const requests = [0, 1, 2].map(() => ledger.ask(random, { padding: 0, delayMs: 0 }).slice(4));
  for (const request of requests.slice(0, answers)) ledger.take(request);
  const plan: Visit["plan"] = {
    service: "compute",
    requests: 3,
    window: 3,
    padding: 0,
    delayMs: 0,
    leave: "answered",
    toxics: {},
  };
  const open = answers < 3 ? { openSince: 1_500 } : {};
  return {
    plan,
    ledger,
    askedAll: true,
    end: "fin",
    from: 0,
    until: 1_600,
    down: false,
    passedBytes: 0,
    ...open,
    ...change,
  };
}

function handledBy(pid: number, requests: number, reason: Handled["reason"] = "drained"): ClusterCourse["handled"] {
  const name = connectionName(pid, 1);
  return new Map([[name, { name, requests, reason }]]);
}

function verdict(course: Partial<ClusterCourse>): string[] {
  return judgeCluster({
    workers: 2,
    visits: [],
    handled: new Map(),
    steps: [KILL],
    harms: [{ pid: KILLED, at: 1_000 }],
    records: [],
    sizes: [],
    end: { code: 0, signal: null, drainMs: 10, left: [] },
    ...course,
  });
}

function logged(fields: Record<string, unknown>, at: number = 1_500): LogRecord {
  return { at, line: JSON.stringify(fields), fields };
}

describe("a connection under a storm on a cluster", () => {
  it("is right when all is answered", () => {
    expect(verdict({ visits: [visited(HALE, 3)], handled: handledBy(HALE, 3, "remote-closed") })).toEqual([]);
  });

  it("may be drained with requests that crossed the FIN, and were not handled", () => {
    expect(verdict({ visits: [visited(HALE, 2)], handled: handledBy(HALE, 2) })).toEqual([]);
  });

  it("may be lost with its worker, in any way", () => {
    for (const end of ["reset", "fin"] as const) expect(verdict({ visits: [visited(KILLED, 1, { end })] })).toEqual([]);
  });

  it("may be lost before it was greeted, while a worker is harmed", () => {
    expect(verdict({ visits: [visited(undefined, 0, { end: "reset" })] })).toEqual([]);
  });

  it.each<[string, string, Visit, ClusterCourse["handled"]]>([
    ["a handled request is not answered", "3 requests were handled", visited(HALE, 2), handledBy(HALE, 3)],
    ["it is refused, also while a worker is harmed", "refused", visited(undefined, 0, { end: "refused" }), new Map()],
    ["it is reset, and its worker was not harmed", "was reset", visited(HALE, 2, { end: "reset" }), handledBy(HALE, 2)],
    [
      "it is reset before its worker was harmed",
      "was reset",
      visited(KILLED, 2, { end: "reset", until: 900 }),
      new Map(),
    ],
    [
      "it is reset without a greeting when nobody was harmed",
      "was reset",
      visited(undefined, 0, { end: "reset", from: 3_000, until: 3_100 }),
      new Map(),
    ],
    [
      "it is closed without a greeting",
      "without a greeting",
      visited(undefined, 0, { from: 3_000, until: 3_100 }),
      new Map(),
    ],
    ["it is closed before its first reply", "before its first reply", visited(HALE, 0), handledBy(HALE, 0)],
    [
      "a request is dropped that did not cross the FIN",
      "had been there",
      visited(HALE, 2, { until: 1_501 + CROSSING_MS }),
      handledBy(HALE, 2),
    ],
    [
      "it ends with open requests, and was not drained",
      "ended as idle-timeout",
      visited(HALE, 2),
      handledBy(HALE, 2, "idle-timeout"),
    ],
    ["its worker knows nothing of it", "knows nothing", visited(HALE, 3), new Map()],
    [
      "nothing happens, also with a worker that was harmed",
      "nothing happens",
      visited(KILLED, 1, { end: "stuck" }),
      new Map(),
    ],
    [
      "something wrong comes, also from a worker that was harmed",
      "so it is",
      visited(KILLED, 1, { error: new Error("so it is") }),
      new Map(),
    ],
  ])("is wrong when %s", (_name, message, visit, handled) => {
    expect(verdict({ visits: [visit], handled })).toEqual([expect.stringContaining(message)]);
  });
});

describe("a cluster under a storm", () => {
  it.each<[string, string, Partial<ClusterCourse>]>([
    ["a worker is not replaced", "1 workers serve", { steps: [{ ...KILL, serving: 1 }] }],
    ["a worker is replaced late", "until all workers serve", { steps: [{ ...KILL, until: 1_001 + RECOVERY_MS }] }],
    ["its supervisor grows", "grew from 50", { sizes: [{ firstBytes: 52_428_800, mostBytes: 152_428_800 }] }],
    ["it aborts something in its last drain", "exit code 1", { end: { code: 1, signal: null, drainMs: 10, left: [] } }],
    ["it is killed", "SIGSEGV", { end: { code: null, signal: "SIGSEGV", drainMs: 10, left: [] } }],
    [
      "its last drain is slow",
      "last drain took",
      { end: { code: 0, signal: null, drainMs: DRAIN_BOUND_MS + 1, left: [] } },
    ],
    ["a process is left", "are left: 7", { end: { code: 0, signal: null, drainMs: 10, left: [7] } }],
    ["something is said that is no record", "complains: boom", { records: [{ at: 1_500, line: "boom" }] }],
  ])("is wrong when %s", (_name, message, course) => {
    expect(verdict(course)).toEqual([expect.stringContaining(message)]);
  });

  it("may take as long as its supervisor said that it would wait", () => {
    expect(verdict({ steps: [{ ...KILL, until: 1_001 + RECOVERY_MS, pausesMs: 400 }] })).toEqual([]);
  });

  it("may end with 1 when a worker was harmed that an upgrade drained", () => {
    const steps: Step[] = [{ ...KILL, acts: ["kill", "upgrade"] }];
    expect(verdict({ steps, end: { code: 1, signal: null, drainMs: 10, left: [] } })).toEqual([]);
  });
});

describe("a line in the log of a cluster", () => {
  const WARN = { level: "WARN" };

  it.each<[string, LogRecord]>([
    ["is of level info", logged({ level: "INFO", event: "anything" })],
    ["says that a harmed worker was killed", logged({ level: "ERROR", event: "worker-killed", pid: KILLED })],
    ["says that a harmed worker has ended", logged({ ...WARN, event: "worker-ended", pid: KILLED })],
    ["says that another one starts", logged({ ...WARN, event: "worker-restarting" })],
    [
      "says that requests crossed a FIN",
      logged({ ...WARN, event: "connection-closed", reason: "drained", bytesDiscarded: 9 }),
    ],
    ["says that a drained worker has discarded them", logged({ ...WARN, event: "drained", worker: 1, aborted: 0 })],
    ["says that a harmed worker did not drain", logged({ ...WARN, event: "drained", failed: 1 })],
    [
      "says that a restart failed, during a harm",
      logged({ level: "ERROR", event: "reload-finished", why: "it ended" }),
    ],
  ])("is explained when it %s", (_name, record) => {
    expect(verdict({ records: [record] })).toEqual([]);
  });

  it.each<[string, LogRecord]>([
    ["a worker was killed that was not harmed", logged({ level: "ERROR", event: "worker-killed", pid: HALE })],
    ["a worker has ended that was not harmed", logged({ ...WARN, event: "worker-ended", pid: HALE })],
    ["a worker has ended before it was harmed", logged({ ...WARN, event: "worker-ended", pid: KILLED }, 900)],
    ["another one starts before any was harmed", logged({ ...WARN, event: "worker-restarting" }, 900)],
    ["a connection was reset", logged({ ...WARN, event: "connection-closed", reason: "connection-reset" })],
    ["a drain has aborted", logged({ ...WARN, event: "drained", worker: 1, aborted: 1 })],
    ["more workers did not drain than were harmed", logged({ ...WARN, event: "drained", failed: 2 })],
    ["a restart failed without a harm", logged({ level: "ERROR", event: "reload-finished", why: "it ended" }, 3_000)],
    ["an upgrade failed without a harm", logged({ level: "ERROR", event: "upgrade-failed", why: "it ended" }, 3_000)],
    ["a handler failed", logged({ level: "ERROR", event: "handler-error" })],
  ])("is a complaint when it says that %s", (_name, record) => {
    expect(verdict({ records: [record] })).toEqual([expect.stringContaining("it complains")]);
  });
});

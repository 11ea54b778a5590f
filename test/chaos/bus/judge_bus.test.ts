import { describe, expect, it } from "vitest";
import type { LogRecord } from "../cluster/cluster_log.ts";
import type { Gap } from "./gaps.ts";
import {
  type BusCourse,
  complaintsIn,
  gapsFit,
  judgeBus,
  type Life,
  LOCAL_MS,
  type Membership,
  SIZE_TOLERANCE_BYTES,
} from "./judge_bus.ts";
import { RoomLedger } from "./room_ledger.ts";

const A: Life = { origin: "aa", pid: 1, end: "alive", said: 3, saidBefore: new Map() };
const B: Life = { origin: "bb", pid: 2, end: "alive", said: 4, saidBefore: new Map() };

/** A member of a server that was there from the beginning, and has got these lines. */
function member(
  server: Life,
  received: Record<string, number[]>,
  change: Partial<Membership> & { own?: number[]; slowestLocalMs?: number } = {},
): Membership {
  const { own = [], slowestLocalMs = 0, ...rest } = change;
  const ledger = new RoomLedger(`m${server.pid}`, () => undefined);
  ledger.take(`hello ${server.pid} ${server.origin} 0`, 0);
  for (const [origin, numbers] of Object.entries(received)) {
    for (const number of numbers) ledger.take(`# ${origin} ${number} other `, 0);
  }
  ledger.own.push(...own);
  ledger.slowestLocalMs = slowestLocalMs;
  return { ledger, end: "open", wasSlow: false, ...rest };
}

const gap = (missed: number): Gap => ({ server: "aa", origin: "bb", missed, why: "lost" });
const ALL_OF_A = member(A, { aa: [1, 2, 3], bb: [1, 2, 3, 4] });
const ALL_OF_B = member(B, { aa: [1, 2, 3], bb: [1, 2, 3, 4] });

function course(change: Partial<BusCourse>): BusCourse {
  const none = { gaps: [], heals: [], sizes: [], complaints: [], ends: [0], left: [] };
  return { lives: [A, B], members: [ALL_OF_A, ALL_OF_B], ...none, ...change };
}

/** With A's only member, and what gaps told A. */
function verdict(of: Membership, ...gaps: Gap[]): string[] {
  return judgeBus(course({ members: [of, ALL_OF_B], gaps }));
}

describe("a storm on a bus", () => {
  it("is right when all lines came to all", () => {
    expect(judgeBus(course({}))).toEqual([]);
    expect(verdict(member(A, { aa: [2, 3], bb: [1, 2, 3, 4] }, { own: [1] }))).toEqual([]);
  });

  it("is right when gaps say of all lines that they are missing, in the middle and at the end", () => {
    expect(verdict(member(A, { aa: [1, 2, 3], bb: [1, 3] }), gap(1), gap(1))).toEqual([]);
  });

  it.each<[string, string, Membership, Gap[]]>([
    [
      "a line is missing without a gap",
      "1 lines of process 2 are missing at process 1, and gaps say 0",
      member(A, { aa: [1, 2, 3], bb: [1, 2, 4] }),
      [],
    ],
    ["the last line is missing without a gap", "1 lines", member(A, { aa: [1, 2, 3], bb: [1, 2, 3] }), []],
    [
      "a gap says of more lines than are missing",
      "and gaps say 2",
      member(A, { aa: [1, 2, 3], bb: [1, 2, 4] }),
      [gap(2)],
    ],
    ["a gap is told of twice", "and gaps say 2", member(A, { aa: [1, 2, 3], bb: [1, 2, 4] }), [gap(1), gap(1)]],
    ["a server never hears of another one", "nothing that process 2 said", member(A, { aa: [1, 2, 3] }), []],
    [
      "a local line is missing",
      "has not got line 2 of its own server",
      member(A, { aa: [1, 3], bb: [1, 2, 3, 4] }),
      [],
    ],
    [
      "the last local line is missing",
      "has not got line 3 of its own server",
      member(A, { aa: [1, 2], bb: [1, 2, 3, 4] }),
      [],
    ],
    [
      "a local line comes late",
      "of its own server came",
      member(A, { aa: [1, 2, 3], bb: [1, 2, 3, 4] }, { slowestLocalMs: LOCAL_MS + 1 }),
      [],
    ],
    [
      "a member loses its connection",
      "lost its connection",
      member(A, { aa: [1, 2, 3], bb: [1, 2, 3, 4] }, { end: "lost" }),
      [],
    ],
    ["what cannot come comes", "so it is", member(A, { aa: [1, 2, 3], bb: [1, 2, 3, 4] }, { error: "so it is" }), []],
  ])("is wrong when %s", (_name, message, of, gaps) => {
    expect(verdict(of, ...gaps)).toEqual([expect.stringContaining(message)]);
  });

  it("is wrong when a line comes to one member of a server, and not to another", () => {
    const other = member(A, { aa: [1, 2, 3], bb: [1, 3, 4] });
    expect(judgeBus(course({ members: [ALL_OF_A, other, ALL_OF_B] }))).toEqual([
      expect.stringContaining("has not got line 2 of bb, and others in its server have"),
    ]);
  });

  it("asks nothing of the last lines of a member that was slow, or left", () => {
    const slow = member(A, { aa: [1], bb: [1] }, { end: "lost", wasSlow: true, slowestLocalMs: LOCAL_MS + 1 });
    const left = member(A, { aa: [1], bb: [1] }, { end: "left" });
    expect(judgeBus(course({ members: [slow, left, ALL_OF_A, ALL_OF_B] }))).toEqual([]);
  });

  it("asks nothing of the last lines of a server that was killed, but what is missing before", () => {
    const killed: Life = { ...B, end: "killed" };
    const of = (numbers: number[], ...gaps: Gap[]) =>
      judgeBus(course({ lives: [A, killed], members: [member(A, { aa: [1, 2, 3], bb: numbers })], gaps }));
    expect(of([1, 2])).toEqual([]);
    expect(of([1, 2], gap(2))).toEqual([]);
    expect(of([1, 2], gap(3))).toHaveLength(1);
    expect(of([1, 3])).toHaveLength(1);
  });

  it("asks for the last lines of a server that drained", () => {
    const drained: Life = { ...B, end: "drained" };
    const members = [member(A, { aa: [1, 2, 3], bb: [1, 2, 3] })];
    expect(judgeBus(course({ lives: [A, drained], members }))).toHaveLength(1);
    expect(judgeBus(course({ lives: [A, drained], members, gaps: [gap(1)] }))).toEqual([]);
  });

  it("does not ask for what was said before a server was there", () => {
    const late: Life = { ...A, saidBefore: new Map([["bb", 2]]) };
    const of = (numbers: number[]) =>
      judgeBus(course({ lives: [late, B], members: [member(late, { aa: [1, 2, 3], bb: numbers }), ALL_OF_B] }));
    expect(of([3, 4])).toEqual([]);
    expect(of([4])).toEqual([]);
    expect(of([3])).toHaveLength(1);
  });

  it.each<[string, string, Partial<BusCourse>]>([
    [
      "lines do not pass any more",
      "not all lines pass",
      { heals: [{ acts: ["broker killed"], tookMs: 9, healed: false }] },
    ],
    ["a process grows", "grew to", { sizes: [{ firstBytes: 1, mostBytes: SIZE_TOLERANCE_BYTES + 2 }] }],
    ["it complains", "complains: boom", { complaints: ["boom"] }],
    ["a process does not drain", "ended with 1", { ends: [0, 1] }],
    ["a process is killed", "ended with SIGSEGV", { ends: ["SIGSEGV"] }],
    ["a process is left", "are left: 7", { left: [7] }],
  ])("is wrong when %s", (_name, message, change) => {
    expect(judgeBus(course(change))).toEqual([expect.stringContaining(message)]);
  });
});

describe("gaps", () => {
  it("fit when they say of all that is missing", () => {
    const members = [member(A, { aa: [1, 2, 3], bb: [1, 2] }), ALL_OF_B];
    expect(gapsFit(course({ members }))).toBe(false);
    expect(gapsFit(course({ members, gaps: [gap(2)] }))).toBe(true);
  });
});

describe("a line in the log of a server on a bus", () => {
  const record = (fields: Record<string, unknown>): LogRecord => ({
    at: 0,
    line: "",
    fields: { level: "WARN", ...fields },
  });
  const KILLED = new Set([7]);

  it.each([
    { level: "INFO" },
    { event: "bus-down" },
    { event: "bus-gap" },
    { event: "slow-consumer" },
    { event: "connection-closed", reason: "slow-consumer" },
    { event: "drained", aborted: 0 },
    { event: "drained", failed: 1 },
    { event: "worker-killed", pid: 7 },
    { event: "worker-restarting" },
  ])("is explained when it is %o", (fields) => {
    expect(complaintsIn([record(fields)], KILLED)).toEqual([]);
  });

  it.each([
    { event: "bus-error" },
    { event: "connection-closed", reason: "connection-reset" },
    { event: "drained", aborted: 1 },
    { event: "drained", failed: 2 },
    { event: "worker-ended", pid: 8 },
    { event: "handler-error" },
  ])("is a complaint when it is %o", (fields) => {
    expect(complaintsIn([record(fields)], KILLED)).toHaveLength(1);
  });

  it("is a complaint when it is no record, or a worker starts anew and none was killed", () => {
    expect(complaintsIn([{ at: 0, line: "boom" }], KILLED)).toEqual(["boom"]);
    expect(complaintsIn([record({ event: "worker-restarting" })], new Set())).toHaveLength(1);
  });
});

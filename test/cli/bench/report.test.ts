import { describe, expect, it } from "vitest";
import { Latencies } from "../../../src/cli/bench/latencies.ts";
import type { LoadResult } from "../../../src/cli/bench/load_result.ts";
import { progressText, resultJson, resultText, type Whole } from "../../../src/cli/bench/report.ts";

const WHOLE: Whole = {
  target: "localhost:9000",
  tls: {},
  codec: "lines",
  connections: 50,
  inFlight: 1,
  framesPerConnection: null,
  durationMs: 10_000,
  warmUpMs: 1_000,
  timeoutMs: null,
  connectTimeoutMs: null,
  frame: "eA==",
  processes: 1,
};

function latencies(...times: number[]): Latencies {
  const all = new Latencies();
  for (const ms of times) all.add(ms);
  return all;
}

const RESULT: LoadResult = {
  seconds: 10,
  replies: 12_345,
  receivedBytes: 1_234_500,
  errors: {},
  closedByPeer: 0,
  resent: 0,
  latencies: latencies(0.1, 1, 10, 2_000),
  lateness: latencies(),
  loopDelays: latencies(1),
  cpuShare: 0.5,
};

describe("the result of a bench", () => {
  it("is readable for people", () => {
    expect(resultText(WHOLE, RESULT)).toBe(`localhost:9000: 50 connections, 1 in flight, 10 s after 1 s of warm-up
throughput  1,235 replies/s, 123 kB/s received, 12,345 replies
latency     p50 1 ms, p90 2 s, p99 2 s, p99.9 2 s, max 2 s
errors      none
`);
  });

  it("names errors by their kind, and says when there were no replies", () => {
    const errors = { "connection-reset": 1_200, unanswered: 3 };
    const text = resultText(WHOLE, { ...RESULT, replies: 0, latencies: latencies(), errors });
    expect(text).toContain("latency     no replies\nerrors      1,200 connection-reset, 3 unanswered\n");
  });

  it("is one object of JSON on one line, with the same numbers", () => {
    const text = resultJson({ ...WHOLE, rate: 2_000, processes: 2 }, { ...RESULT, errors: { unanswered: 3 } });
    expect(text.split("\n")).toHaveLength(2);
    expect(JSON.parse(text)).toMatchObject({
      target: "localhost:9000",
      connections: 50,
      rate: 2_000,
      processes: 2,
      warmUpSeconds: 1,
      seconds: 10,
      replies: 12_345,
      repliesPerSecond: 1_234.5,
      receivedBytesPerSecond: 123_450,
      latencyMs: { count: 4, p50: 1, p90: expect.closeTo(2_000, -1), "p99.9": expect.closeTo(2_000, -1) },
      errorCount: 3,
      errors: { unanswered: 3 },
      generator: { cpuShare: 0.5, bottleneck: false, notes: [] },
    });
  });

  it.each([
    ["its CPU time in a closed loop", {}, { cpuShare: 0.97 }, "this generator used 97 % of a core"],
    ["a late event loop", {}, { loopDelays: latencies(50) }, "the event loop of this generator was late (p99 50"],
    ["late frames", { rate: 1_000 }, { lateness: latencies(5) }, "this generator sent frames late (p99 5"],
  ])("says that the generator is the bottleneck by %s", (_, whole, result, note) => {
    const text = resultText({ ...WHOLE, ...whole }, { ...RESULT, ...result });
    expect(text).toContain(`note: ${note}`);
    const { generator } = JSON.parse(resultJson({ ...WHOLE, ...whole }, { ...RESULT, ...result })) as {
      generator: { bottleneck: boolean; notes: string[] };
    };
    expect(generator.bottleneck).toBe(true);
    expect(generator.notes.join()).toContain(note);
  });

  it("does not take the turns of an open loop for work", () => {
    expect(resultText({ ...WHOLE, rate: 1_000 }, { ...RESULT, cpuShare: 1 })).not.toContain("generator");
  });

  it("says when the rate was not reached, and that frames without room have no time", () => {
    const text = resultText({ ...WHOLE, rate: 5_000 }, { ...RESULT, errors: { "not-sent": 7 } });
    expect(text).toContain("note: the rate was not reached: 1,235 of 5,000 frames/s\n");
    expect(text).toContain("note: not-sent frames found no room");
  });

  it("escapes the target", () => {
    expect(resultText({ ...WHOLE, target: "unix:/\x1b[2J" }, RESULT)).toContain("unix:/\\x1b[2J: 50 connections");
  });
});

describe("the progress of a bench", () => {
  it("is one line", () => {
    expect(progressText({ seconds: 0, replies: 0, errors: 0, latencies: latencies() })).toBe("warming up");
    expect(progressText({ seconds: 2, replies: 3_000, errors: 1, latencies: latencies(1, 1) })).toBe(
      "2 s: 1,500 replies/s, p50 1 ms, p99 1 ms, 1 errors",
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divide } from "../../../src/cli/bench/parts.ts";
import type { Whole } from "../../../src/cli/bench/report.ts";

const WHOLE: Whole = {
  target: "localhost:1",
  tls: {},
  codec: "lines",
  connections: 1,
  inFlight: 1,
  framesPerConnection: null,
  durationMs: 1,
  warmUpMs: 0,
  timeoutMs: null,
  connectTimeoutMs: null,
  frame: "",
  processes: 1,
};

describe("a load that is divided", () => {
  it("has all connections and the whole rate, evenly", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.nat(10_000),
        fc.option(fc.nat(100_000)),
        (processes, more, rate) => {
          const connections = processes + more;
          const parts = divide({ ...WHOLE, connections, processes, ...(rate !== null && { rate: rate + 1 }) });
          expect(parts).toHaveLength(processes);
          const counts = parts.map((part) => part.connections);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(connections);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          const rates = parts.reduce((sum, part) => sum + (part.rate ?? 0), 0);
          expect(rates).toBeCloseTo(rate === null ? 0 : rate + 1, 5);
        },
      ),
    );
  });
});

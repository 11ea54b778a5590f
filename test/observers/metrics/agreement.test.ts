import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lines, serve } from "../../../src/core/mod.ts";
import { metrics } from "../../../src/observers/metrics/mod.ts";
import { manualClock, memoryTransport } from "../../../src/testing/mod.ts";
import { Peer } from "../../core/support/peer.ts";
import { scraped } from "./support/scraped.ts";

const STEPS = ["connect", "send", "send many", "send half", "send bad", "finish", "reset", "wait", "drain"] as const;

/** Acts on two servers of one observer. */
const scripts = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.nat(1), fc.nat(3)), { maxLength: 24 });

const DATA: Partial<Record<(typeof STEPS)[number], string>> = {
  send: "a\n",
  "send many": "b\n".repeat(100),
  "send half": "half",
  "send bad": `${"x".repeat(100)}\n`,
};

describe("metrics of a script of anything", () => {
  it("equal the counts of the servers at each step, and never fall", async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const clock = manualClock();
        const m = metrics({ clock });
        const transport = memoryTransport();
        const options = {
          port: 0,
          codec: lines({ maxFrameBytes: 64 }),
          clock,
          observer: m,
          middleware: [m.middleware],
        };
        const start = () => serve<string, string>(transport, { ...options, handler: (line) => line });
        const servers = [await start(), await start()] as const;
        const peers: Peer[][] = [[], []];
        let before: ReadonlyMap<string, number> = new Map();
        const check = async () => {
          await clock.advance(0);
          const values = await scraped(m);
          const count = (name: "framesIn" | "framesOut" | "bytesIn" | "bytesOut" | "accepted" | "connections") =>
            servers.reduce((total, server) => total + server.stats()[name], 0);
          expect(values.get("spillway_frames_received_total")).toBe(count("framesIn"));
          expect(values.get("spillway_frames_sent_total")).toBe(count("framesOut"));
          expect(values.get("spillway_received_bytes_total")).toBe(count("bytesIn"));
          expect(values.get("spillway_sent_bytes_total")).toBe(count("bytesOut"));
          expect(values.get("spillway_connections_accepted_total")).toBe(count("accepted"));
          expect(values.get("spillway_connections_open")).toBe(count("connections"));
          const ends = [...values].filter(([name]) => name.startsWith("spillway_connections_closed_total"));
          const closed = ends.reduce((total, [, value]) => total + value, 0);
          expect(closed).toBe(count("accepted") - count("connections"));
          for (const [name, value] of before) {
            if (/_(total|bucket|count|sum)\b/.test(name)) expect(values.get(name), name).toBeGreaterThanOrEqual(value);
          }
          before = values;
        };
        const take = async (step: (typeof STEPS)[number], which: number, nth: number) => {
          const server = servers[which as 0 | 1];
          const own = peers[which] ?? [];
          if (step === "wait") return clock.advance(30_000);
          if (step === "drain") return void server.shutdown({ timeoutMs: 100 });
          if (step === "connect") {
            const connection = await transport.connect(server.address).catch(() => undefined);
            if (connection !== undefined) own.push(new Peer(connection, clock));
            return;
          }
          const peer = own[nth % Math.max(1, own.length)];
          if (step === "finish") await peer?.finish();
          else if (step === "reset") await peer?.reset();
          else await peer?.send(DATA[step] ?? "");
        };
        for (const [step, which, nth] of script) {
          await take(step, which, nth);
          await check();
        }
        const ended = Promise.all(servers.map((server) => server.shutdown()));
        await clock.advance(60_000);
        await ended;
        await check();
        expect(clock.pending).toBe(0);
      }),
      { seed: 20_261_130, numRuns: 60 },
    );
  });
});

import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/mod.ts";
import { checkGrowth, type Heap, type SimulateOptions, simulate, traffic } from "../../src/testing/mod.ts";

type Make = SimulateOptions<string, string>["service"];

/** Measures a service, with a heap that `used` invents: what a runtime does is for the tests of the command line. */
async function measured(service: Make, heap: Heap) {
  const client = traffic({ frames: ["apple", "fig"] });
  await simulate({ seed: 1, service, client, virtualTime: true });
  return checkGrowth({ seed: 1, service, virtualTime: true }, client, heap);
}

const echo: Make = () => ({ codec: lines(), handler: (line) => line });

describe("checkGrowth()", () => {
  it("finds nothing while the heap stays as it is, or only swings", async () => {
    let calls = 0;
    const swinging: Heap = {
      usedBytes: () => {
        calls += 1;
        return 50_000_000 + (calls % 4 < 2 ? 0 : 900_000);
      },
    };
    expect(await measured(echo, { usedBytes: () => 50_000_000 })).toEqual({
      connections: 2_880,
      bytesPerConnection: 0,
    });
    expect((await measured(echo, swinging)).connections).toBe(2_880);
  });

  it("finds a heap that grows with the connections, and twice as fast with twice as many", async () => {
    let kept = 0;
    const service: Make = () => ({
      codec: lines(),
      onConnect: () => {
        kept += 1;
      },
      handler: (line) => line,
    });
    const growing = measured(service, { usedBytes: () => 50_000_000 + 1_000 * kept });
    await expect(growing).rejects.toThrow(
      /^memory-growth: with 480 connections of 8 frames that come and go, again and again, the heap grows by 1000 bytes/,
    );
  });

  it("finds nothing when the heap grows with the rounds alone, as while an engine warms up", async () => {
    let calls = 0;
    const warming: Heap = {
      usedBytes: () => {
        calls += 1;
        return 50_000_000 + 40_000 * calls;
      },
    };
    await expect(measured(echo, warming)).resolves.toMatchObject({ connections: 2_880 });
  });

  it("finds timers of connections that have ended", async () => {
    const service: Make = () => ({
      codec: lines(),
      onConnect: () => void setInterval(() => undefined, 600_000),
      handler: (line) => line,
    });
    const left = measured(service, { usedBytes: () => 50_000_000 });
    await expect(left).rejects.toThrow(/^timers-left: .* 480 timers are left each time$/);
  }, 60_000);
});

import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

const PART_BYTES = 65_536;
/** Far more than both kernels hold of a connection, and little enough to be held in memory when nothing pushes back. */
const PARTS = 512;

/** A peer that sends faster than its frames are handled must wait: the kernel stops it, and memory does not grow. */
export function backpressure(platform: Platform): void {
  describe("input", () => {
    testOn(
      platform,
      "is not read while a handler is slow, however much is sent, and all of it when it is done",
      async () => {
        const busy = gate();
        const { dial, server } = await start(platform, {
          codec: lines({ maxFrameBytes: PART_BYTES }),
          handler: (line) => (line === "first" ? busy.promise.then(() => "done") : undefined),
        });
        const client = await dial();
        client.send("first\n");
        await eventually(() => server.stats().handlers === 1);
        const part = new TextEncoder().encode(`${"x".repeat(PART_BYTES - 1)}\n`);
        for (let count = 0; count < PARTS; count++) client.send(part);
        let before = -1;
        let still = 0;
        await eventually(() => {
          still = client.unsent === before ? still + 1 : 0;
          before = client.unsent;
          return still > 50;
        });
        // Bytes that the sender could not write are not held on this side.
        expect(client.unsent).toBeGreaterThan((PARTS * PART_BYTES) / 2);
        expect(server.stats().bytesIn).toBeLessThan(16 * PART_BYTES);
        busy.open();
        await client.until("done\n");
        await eventually(() => server.stats().framesIn === PARTS + 1);
        expect(client.unsent).toBe(0);
        client.finish();
      },
    );
  });
}

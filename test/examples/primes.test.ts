// The primes example: what the pool computes, and what goes on beside it.
import { describe, expect, it } from "vitest";
import primes from "../../examples/primes.ts";
import { LineConnection } from "../cli/support/line_connection.ts";
import { serveByCli, serveInMemory } from "./support/served_example.ts";

const USAGE = 'error: write a number up to 10000000, or "echo" and a text';

describe("primes", () => {
  it.each([
    ["0", "0 up to 0"],
    ["1", "0 up to 1"],
    ["2", "1 up to 2"],
    ["10", "4 up to 10"],
    ["25", "9 up to 25"],
    ["1000000", "78498 up to 1000000"],
    ["10000001", USAGE],
    ["-1", USAGE],
    ["1e3", USAGE],
    ["", USAGE],
    ["echo 10", "10"],
    ["echo", USAGE],
  ])("answers %j with the primes or the usage", async (line, reply) => {
    const harness = await serveInMemory(primes);
    const peer = await harness.connect();
    await peer.send(`${line}\n`);
    expect(peer.received).toBe(`${reply}\n`);
  });

  it("by the command line: echoes go on while the pool counts", { timeout: 60_000 }, async () => {
    const { cli, port } = await serveByCli("primes", "--pool", "1");
    const [counting, echoing] = [new LineConnection(port), new LineConnection(port)];
    // Nobody's machine is quiet all the time: one round without disturbance is enough. An event loop that counts itself
    // comes to an echo once between two counts, in every round.
    for (let rounds = 1, undisturbed = false; !undisturbed; rounds++) {
      expect(rounds).toBeLessThanOrEqual(40);
      counting.send("10000000\n");
      const took = await echoesUntil(counting.line(), echoing);
      undisturbed = took.length > 10 && percentile99(took) < 20;
    }
    counting.finish();
    echoing.finish();
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });
});

/** How many milliseconds each echo took until the count came. */
async function echoesUntil(count: Promise<string>, echoing: LineConnection): Promise<number[]> {
  const progress = { counted: false };
  const done = (async () => {
    expect(await count).toBe("664579 up to 10000000");
    progress.counted = true;
  })();
  const took: number[] = [];
  while (!progress.counted) {
    const sentAt = performance.now();
    echoing.send("echo hello\n");
    expect(await echoing.line()).toBe("hello");
    took.push(performance.now() - sentAt);
  }
  await done;
  return took;
}

function percentile99(took: readonly number[]): number {
  return took.toSorted((one, other) => one - other)[Math.ceil(0.99 * took.length) - 1] as number;
}

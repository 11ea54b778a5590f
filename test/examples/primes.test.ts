// The primes example: what the pool computes, and what goes on beside it.
import { describe, expect, it } from "vitest";
import primes from "../../examples/primes.ts";
import { LineConnection } from "../cli/line_connection.ts";
import { serveByCli, serveInMemory } from "./served_example.ts";

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
  ])("answers %j", async (line, reply) => {
    const it = await serveInMemory(primes);
    const other = await it.connect();
    await other.send(`${line}\n`);
    expect(other.received).toBe(`${reply}\n`);
  });

  it("by the command line: echoes go on while the pool counts", async () => {
    const { cli, port } = await serveByCli("primes", "--pool", "1");
    const [counting, echoing] = [new LineConnection(port), new LineConnection(port)];
    const counts = { asked: 3, come: 0 };
    counting.send("10000000\n".repeat(counts.asked));
    const done = (async () => {
      for (; counts.come < counts.asked; counts.come++) expect(await counting.line()).toBe("664579 up to 10000000");
    })();
    let echoes = 0;
    while (counts.come < counts.asked) {
      echoing.send("echo hello\n");
      expect(await echoing.line()).toBe("hello");
      echoes += 1;
    }
    await done;
    // An event loop that counts itself comes to an echo once between two counts.
    expect(echoes).toBeGreaterThan(10 * counts.asked);
    counting.finish();
    echoing.finish();
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });
});

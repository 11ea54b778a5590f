// Counts the primes up to a number in two worker threads. A line that begins with "echo" is answered on the event loop,
// which the computation does not block.
//   deno run -A src/main.ts serve ./examples/primes.ts --pool 2 --port 8080
import { defineService, lines, type Middleware } from "spillway";
import type { ServiceSimulation } from "spillway/testing";

const LARGEST = 10_000_000;
const USAGE = `error: write a number up to ${LARGEST}, or "echo" and a text`;

/** With `--pool` the handler runs in a worker thread, and middleware on the event loop. */
const echo: Middleware<string> = (line, _, next) => (line.startsWith("echo ") ? line.slice(5) : next(line));

export default defineService({
  codec: lines({ maxFrameBytes: 256 }),
  concurrency: 2,
  middleware: [echo],
  handler: (line) => {
    const limit = /^\d{1,8}$/.test(line) ? Number(line) : Infinity;
    return limit <= LARGEST ? `${countPrimes(limit)} up to ${limit}` : USAGE;
  },
});

/** The frames that the clients of `spillway simulate` send. */
export const simulate: ServiceSimulation = { frames: ["10", "100", "541", "1000", "echo hello", "all of them"] };

/** The sieve of Eratosthenes. */
function countPrimes(limit: number): number {
  const composite = new Uint8Array(limit + 1);
  let count = 0;
  for (let n = 2; n <= limit; n++) {
    if (composite[n] === 1) continue;
    count += 1;
    for (let multiple = n * n; multiple <= limit; multiple += n) composite[multiple] = 1;
  }
  return count;
}

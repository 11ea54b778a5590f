// A ticker that streams: "every 100ms 5" is answered with five ticks, a tenth of a second apart.
//   deno run -A src/main.ts serve ./examples/ticker.ts --port 8080
// A stream goes at the pace of who reads it, and what it waits for ends with its connection, or when the server drains.
import { type Clock, lines, type Service, systemClock } from "spillway";

interface Request {
  readonly intervalMs: number;
  readonly ticks: number;
}

const REQUEST = /^every (\d{1,9})(ms|s) (\d{1,9})$/;
const SHORTEST_MS = 10;
/** Each tick has the handler's deadline anew, which is 30 s. */
const LONGEST_MS = 10_000;
const MOST_TICKS = 1_000;
const USAGE = `error: say "every 100ms 5": ${SHORTEST_MS} ms to ${LONGEST_MS / 1_000} s, at most ${MOST_TICKS} times`;

/** A ticker on a clock. */
export function ticker(clock: Clock = systemClock): Service {
  return {
    codec: lines({ maxFrameBytes: 64 }),
    // Of ticks that nobody reads a few are enough: the next one is waited for when there is room again.
    maxOutboundBytes: 1_024,
    handler: (line, { session }) => {
      const request = readRequest(line);
      return request === undefined ? USAGE : tick(request, clock, session.draining);
    },
    onDrain: () => "the server is going down",
  };
}

export default ticker();

async function* tick({ intervalMs, ticks }: Request, clock: Clock, signal: AbortSignal): AsyncGenerator<string> {
  for (let count = 1; count <= ticks; count++) {
    if (!(await sleep(intervalMs, clock, signal))) return;
    yield `tick ${count} of ${ticks}`;
  }
}

/** True when the time has passed, false when the signal came first. */
function sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const wake = (passed: boolean) => {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(passed);
    };
    const onAbort = () => wake(false);
    const timer = clock.setTimeout(() => wake(true), ms);
    signal.addEventListener("abort", onAbort);
  });
}

function readRequest(line: string): Request | undefined {
  const [, interval, unit, count] = REQUEST.exec(line) ?? [];
  const intervalMs = Number(interval) * (unit === "s" ? 1_000 : 1);
  const ticks = Number(count);
  const sensible = intervalMs >= SHORTEST_MS && intervalMs <= LONGEST_MS && ticks >= 1 && ticks <= MOST_TICKS;
  return sensible ? { intervalMs, ticks } : undefined;
}

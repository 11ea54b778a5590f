// A ticker with streamed replies: the reply to "every 100ms 5" is five ticks, 100 ms apart.
//   deno run -A src/main.ts serve ./examples/ticker.ts --port 8080
// A slow reader slows its stream down. A waiting stream ends with its connection, or when the server drains.
import { type Clock, lines, type Service, systemClock } from "spillway";
import type { ServiceSimulation } from "spillway/testing";

interface Request {
  readonly intervalMs: number;
  readonly ticks: number;
}

const REQUEST = /^every (\d{1,9})(ms|s) (\d{1,9})$/;
const SHORTEST_MS = 10;
/** Less than the handler deadline, 30 s, which applies to each tick separately. */
const LONGEST_MS = 10_000;
const MOST_TICKS = 1_000;
const USAGE = `error: say "every 100ms 5": ${SHORTEST_MS} ms to ${LONGEST_MS / 1_000} s, at most ${MOST_TICKS} times`;

/** A ticker that uses a clock. */
export function ticker(clock: Clock = systemClock): Service {
  return {
    codec: lines({ maxFrameBytes: 64 }),
    // A few unread ticks are enough: the stream continues when there is room again.
    maxOutboundBytes: 1_024,
    handler: (line, { session }) => {
      const request = readRequest(line);
      return request === undefined ? USAGE : tick(request, clock, session.draining);
    },
    onDrain: () => "the server is going down",
  };
}

export default ticker();

/** The frames that the clients of `spillway simulate` send. */
export const simulate: ServiceSimulation = {
  frames: ["every 10ms 3", "every 1s 2", "every 5s 4", "every 20ms 30", "every day"],
};

async function* tick({ intervalMs, ticks }: Request, clock: Clock, signal: AbortSignal): AsyncGenerator<string> {
  for (let count = 1; count <= ticks; count++) {
    if (!(await sleep(intervalMs, clock, signal))) return;
    yield `tick ${count} of ${ticks}`;
  }
}

/** Fulfils with true when the time has passed, and with false when the signal aborts first. */
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

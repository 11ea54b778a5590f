// A slow echo. A shutdown waits up to ten seconds for replies in flight, then aborts the remaining connections.
//   deno run -A src/main.ts serve ./examples/draining_echo.ts      and press Ctrl-C while a reply is due
import { type Context, defineService, lines } from "spillway";

const DELAY_MS = 500;

export default defineService({
  codec: lines(),
  drainTimeoutMs: 10_000,
  handler: (line, { signal }: Context) =>
    new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => resolve(line), DELAY_MS);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
});

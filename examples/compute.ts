// Asynchronous computation: replies with n + 1 after two seconds. Other connections are not delayed. Four lines of a
// connection are computed at once, and answered in order.
import { type Context, defineService, lines } from "spillway";

export const DELAY_MS = 2_000;

function sleep(ms: number, { signal }: Context): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

export default defineService({
  codec: lines(),
  concurrency: 4,
  handler: async (line, context) => {
    await sleep(DELAY_MS, context);
    return /^\d+$/.test(line) ? String(BigInt(line) + 1n) : `cannot compute ${line}`;
  },
});

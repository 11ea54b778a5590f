// @ts-check
// An echo whose clock stands still until the runner moves it, so that a minute of idling passes at once.
import { lines, serve } from "../../../dist/mod.js";
import { manualClock } from "../../../dist/testing/mod.js";
import { controlServer } from "../control_server.mjs";
import { deadlines } from "./deadlines.mjs";

const time = manualClock();
/** @type {import("../../../dist/mod.js").Clock} */
const clock = {
  now: () => time.now(),
  setTimeout: (callback, delayMs) => time.setTimeout(callback, delayMs),
  clearTimeout: (handle) => time.clearTimeout(handle),
  // Rounds of the event loop are real.
  afterRound: (callback) => void setTimeout(callback, 0),
};
const server = await serve({ ...deadlines, port: 0, codec: lines(), handler: (line) => line, clock });
await controlServer(server.address.port, {
  async pass({ ms }) {
    await time.advance(ms);
    return {};
  },
});

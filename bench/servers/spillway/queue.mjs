// @ts-check
// Has readers that do not read, and queues frames for them.
import { setTimeout as sleep } from "node:timers/promises";
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control.mjs";

/** More than a kernel takes for somebody who does not read. */
const FILLER = "x".repeat(33_554_432);
/** A kernel that takes nothing for so long takes nothing more. */
const STALLED_MS = 250;
const TURN_FRAMES = 100;

const server = await serve({
  port: 0,
  codec: lines(),
  idleTimeoutMs: Infinity,
  writeTimeoutMs: Infinity,
  maxOutboundBytes: Infinity,
  maxOutboundFrames: Infinity,
  onConnect: (session) => session.join("everyone"),
  handler: () => {},
});
const everyone = server.group("everyone");
await controlServer(server.address.port, { stall, queue });

/** @param {{ connections: number }} expected */
async function stall({ connections }) {
  while (everyone.size < connections) await sleep(10);
  everyone.broadcast(FILLER);
  for (let before = -1, now = 0; now !== before; ) {
    await sleep(STALLED_MS);
    before = now;
    now = server.stats().bytesOut;
  }
  return {};
}

/** @param {{ way: "send" | "broadcast", frames: number, frameBytes: number }} what */
async function queue({ way, frames, frameBytes }) {
  for (let count = 0; count < frames; count++) {
    const line = `${count} `.padEnd(frameBytes - 1, "x");
    if (way === "broadcast") everyone.broadcast(line);
    else for (const session of everyone) check(session.send(line));
    // As in life, a turn does not queue everything: what it leaves behind can be collected.
    if (count % TURN_FRAMES === 0) await sleep(0);
  }
  return {};
}

/** @param {import("../../../dist/mod.js").SendResult} result */
function check(result) {
  if (result !== "queued") throw new Error(`a frame was ${result}`);
}

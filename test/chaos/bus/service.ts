// The service of processes on a bus under a storm: a room, whose lines are numbered by their server. Gaps go to a file.
import { appendFileSync } from "node:fs";
import process from "node:process";
import { defineService, lines } from "spillway";
import { localBus } from "spillway/buses/local";
import { GAPS_VARIABLE, type Gap } from "./gaps.ts";

const ROOM = "room";
const file = process.env[GAPS_VARIABLE] ?? "";
let origin = "";
let said = 0;

export default defineService({
  codec: lines({ maxFrameBytes: 131_072 }),
  // The command line names another bus. Little waits for it, so that much is lost.
  bus: { via: localBus({ path: "/nowhere" }), maxWaitingBytes: 1_048_576, maxWaitMs: 1_500 },
  idleTimeoutMs: Infinity,
  maxOutboundBytes: 4_194_304,
  maxOutboundFrames: 1_000_000,
  slowConsumer: "reset",
  onConnect: (session) => {
    // The first half of an identity is that of the server.
    if (origin === "") origin = session.id.split(":", 1)[0] ?? "";
    session.join(ROOM);
    return `hello ${process.pid} ${origin} ${said}`;
  },
  /** `<tag> <padding>`: broadcast to all others, with a number, which is the reply. */
  handler: (line: string, { session }) => {
    said += 1;
    session.group(ROOM).broadcast(`# ${origin} ${said} ${line}`, { except: session });
    return `said ${said}`;
  },
  onGap: ({ origin: from, missed, why }) => {
    const gap: Gap = { server: origin, origin: from, missed, why };
    appendFileSync(file, `${JSON.stringify(gap)}\n`);
  },
});

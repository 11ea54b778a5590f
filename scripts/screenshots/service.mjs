// @ts-check
// The service of the screenshots: lines, in three rooms, after a few milliseconds.
import { setTimeout as sleep } from "node:timers/promises";
import { defineService, lines } from "../../dist/mod.js";

const ROOMS = ["lobby", "engine", "garden", "lobby", "lobby", "engine"];

export default defineService({
  codec: lines({ maxFrameBytes: 256 }),
  onConnect(session) {
    session.join("everyone");
    session.join(ROOMS[session.connection.id % ROOMS.length] ?? "lobby");
  },
  async handler(line) {
    await sleep(2 + Math.random() * 10);
    if (line === "fail") throw new Error("no such user");
    return line.toUpperCase();
  },
  concurrency: 4,
});

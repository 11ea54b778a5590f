// @ts-check
// Does what the first letter of a line asks for. No request may keep other connections waiting.
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control_server.mjs";

const WORK_MS = 0.02;

const server = await serve({
  port: 0,
  codec: lines({ maxFrameBytes: 64 }),
  invalidFrame: "skip",
  slowConsumer: "drop",
  observer: () => {},
  handler(line, { session }) {
    switch (line[0]) {
      case "p":
        return line;
      case "s":
        return work();
      case "a":
        return awaiting();
      case "e":
        return endless();
      case "j":
        return session.join("everyone");
      case "b":
        return void session.group("everyone").broadcast(line);
      default:
        return undefined;
    }
  },
});
await controlServer(server.address.port);

function work() {
  const end = performance.now() + WORK_MS;
  while (performance.now() < end);
}

async function awaiting() {
  await Promise.resolve();
  return undefined;
}

async function* endless() {
  for (;;) yield "row";
}

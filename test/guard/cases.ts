import type { Session } from "../../src/core/handler/session.ts";
import type { Bytes } from "../../src/core/mod.ts";
import { type CountedOptions, CountedServer } from "./counted_server.ts";

const LINE = "x".repeat(63);
const MANY = 256;
const MEMBERS = 100;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** As long as a connection keeps its streams. */
const QUIET_MS = 1_000;

/** Something whose cost is written down. */
export interface Case {
  readonly name: string;
  /** How often it is done while the counts are taken. */
  readonly times: number;
  start(drain: () => void): Running;
}

/** A case that can be done once more. */
interface Running {
  readonly server: CountedServer;
  once(): void;
}

/** What is done, and makes promises and garbage. */
export const DONE: readonly Case[] = [
  { name: "a line", times: 50, start: lineByLine({}) },
  { name: "a line, written later", times: 50, start: lineByLine({ takesAtOnce: false }) },
  { name: "an async line", times: 50, start: lineByLine({ handler: async (line) => line }) },
  { name: "a chunk of 256 lines", times: 2, start: chunkByChunk({}) },
  { name: "a chunk of 256 async lines", times: 2, start: chunkByChunk({ handler: async (line) => line }) },
  {
    name: "a chunk of 256 async lines, 16 at once",
    times: 2,
    start: chunkByChunk({ concurrency: 16, handler: async (line) => line }),
  },
  { name: "a push", times: 50, start: pushing(1) },
  { name: "a tick of 16 pushes", times: 16, start: pushing(16) },
  { name: "a broadcast to 100", times: 4, start: broadcasting },
  { name: "a line after quiet", times: 10, start: wakingUp },
  { name: "a minute of 100 idle connections", times: 10, start: idling },
  { name: "a connection with nothing to ask", times: 10, start: opening(0) },
  { name: "a connection with one line to ask", times: 10, start: opening(1) },
];

/** What is opened, and then held. */
export const HELD: readonly Case[] = [
  { name: "an idle connection that never spoke", times: 500, start: falling(0) },
  { name: "an idle connection that has spoken", times: 500, start: falling(1) },
];

function chunkOf(count: number): Bytes {
  return new TextEncoder().encode(`${LINE}\n`.repeat(count));
}

function lineByLine(options: CountedOptions): Case["start"] {
  return hearing(options, chunkOf(1));
}

function chunkByChunk(options: CountedOptions): Case["start"] {
  return hearing(options, chunkOf(MANY));
}

function hearing(options: CountedOptions, chunk: Bytes): Case["start"] {
  return (drain) => {
    const server = new CountedServer(drain, options);
    const driver = server.connect();
    return { server, once: () => server.hear(driver, chunk) };
  };
}

function pushing(count: number): Case["start"] {
  return (drain) => {
    const sessions: Session<string>[] = [];
    const server = new CountedServer(drain, { onConnect: (session) => void sessions.push(session) });
    server.connect();
    const session = sessions[0] as Session<string>;
    const once = () => {
      for (let sent = 0; sent < count; sent += 1) session.send(LINE);
      drain();
    };
    return { server, once };
  };
}

function broadcasting(drain: () => void): Running {
  const codec = CountedServer.countedLines(() => server.counts);
  const server = new CountedServer(drain, { codec, onConnect: (session) => session.join("everyone") });
  for (let member = 0; member < MEMBERS; member += 1) server.connect();
  return { server, once: () => server.broadcast("everyone", LINE) };
}

function wakingUp(drain: () => void): Running {
  const server = new CountedServer(drain, { idleTimeoutMs: DAY_MS });
  const driver = server.connect();
  const line = chunkOf(1);
  const once = () => {
    server.hear(driver, line);
    server.pass(MINUTE_MS);
  };
  return { server, once };
}

function idling(drain: () => void): Running {
  const server = new CountedServer(drain, { idleTimeoutMs: DAY_MS });
  const line = chunkOf(1);
  for (let opened = 0; opened < 100; opened += 1) server.hear(server.connect(), line);
  server.pass(QUIET_MS);
  return { server, once: () => server.pass(MINUTE_MS) };
}

/** Falling asleep, that is. */
function falling(lineCount: number): Case["start"] {
  return (drain) => {
    const server = new CountedServer(drain, { idleTimeoutMs: DAY_MS });
    const line = chunkOf(1);
    const once = () => {
      const driver = server.connect();
      for (let said = 0; said < lineCount; said += 1) server.hear(driver, line);
      server.pass(QUIET_MS);
    };
    return { server, once };
  };
}

function opening(lineCount: number): Case["start"] {
  return (drain) => {
    const server = new CountedServer(drain);
    const line = chunkOf(1);
    const once = () => {
      const driver = server.connect();
      for (let asked = 0; asked < lineCount; asked += 1) server.hear(driver, line);
      server.end(driver);
    };
    return { server, once };
  };
}

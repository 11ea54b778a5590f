import type { Session } from "../../src/core/handler/session.ts";
import { type Bytes, lines } from "../../src/core/mod.ts";
import { type CountedOptions, CountedServer } from "./counted_server.ts";

const LINE = "x".repeat(63);
const MANY = 256;
const CHUNK_BYTES = 65_536;
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

/** The cases that are done and over: they make promises and garbage. */
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
  { name: "a chunk of 2560 lines", times: 1, start: chunkByChunk({}, 10 * MANY) },
  { name: "a line of 256 KB", times: 1, start: longLine(4) },
  { name: "a line of 2560 KB", times: 1, start: longLine(40) },
  { name: "a push", times: 50, start: pushing(1) },
  { name: "a tick of 16 pushes", times: 16, start: pushing(16) },
  { name: "a broadcast to 100", times: 4, start: broadcasting(100) },
  { name: "a broadcast to 1000", times: 1, start: broadcasting(1_000) },
  { name: "a line after quiet", times: 10, start: wakingUp },
  { name: "a minute of 100 idle connections", times: 10, start: idling },
  { name: "a connection with nothing to ask", times: 10, start: opening(0) },
  { name: "a connection with one line to ask", times: 10, start: opening(1) },
];

/** The cases that are opened, and then held. */
export const HELD: readonly Case[] = [
  { name: "an idle connection that never spoke", times: 500, start: falling(0) },
  { name: "an idle connection that has spoken", times: 500, start: falling(1) },
  { name: "a push that waits for its peer", times: 500, start: queueing((session) => session.send(LINE)) },
  {
    name: "a broadcast that waits for its only member",
    times: 500,
    start: queueing((session) => session.group("everyone").broadcast(LINE)),
  },
];

/** Cases of which the second does ten times as much as the first. */
export const TENFOLD: readonly (readonly [once: string, tenfold: string])[] = [
  ["a chunk of 256 lines", "a chunk of 2560 lines"],
  ["a line of 256 KB", "a line of 2560 KB"],
  ["a broadcast to 100", "a broadcast to 1000"],
];

function chunkOf(count: number): Bytes {
  return new TextEncoder().encode(`${LINE}\n`.repeat(count));
}

function lineByLine(options: CountedOptions): Case["start"] {
  return hearing(options, chunkOf(1));
}

function chunkByChunk(options: CountedOptions, count = MANY): Case["start"] {
  return hearing(options, chunkOf(count));
}

/** A line that comes in so many chunks. */
function longLine(chunkCount: number): Case["start"] {
  const chunk = new Uint8Array(CHUNK_BYTES).fill(0x78);
  const last = Uint8Array.from(chunk).fill(0x0a, CHUNK_BYTES - 1);
  return (drain) => {
    const server = new CountedServer(drain, { codec: lines({ maxFrameBytes: chunkCount * CHUNK_BYTES }) });
    const driver = server.connect();
    const once = () => {
      for (let sent = 1; sent < chunkCount; sent += 1) server.hear(driver, chunk);
      server.hear(driver, last);
    };
    return { server, once };
  };
}

function hearing(options: CountedOptions, chunk: Bytes): Case["start"] {
  return (drain) => {
    const server = new CountedServer(drain, options);
    const driver = server.connect();
    const once = () => {
      server.hear(driver, chunk);
      // So much work is shared out among rounds of the event loop, and the next round comes when time has passed.
      if (chunk.length > CHUNK_BYTES) server.pass(1);
    };
    return { server, once };
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

function broadcasting(memberCount: number): Case["start"] {
  return (drain) => {
    const codec = CountedServer.countedLines(() => server.counts);
    const server: CountedServer = new CountedServer(drain, { codec, onConnect: (session) => session.join("everyone") });
    for (let member = 0; member < memberCount; member += 1) server.connect();
    const once = () => {
      server.broadcast("everyone", LINE);
      if (memberCount > 100) server.pass(1);
    };
    return { server, once };
  };
}

/** Frames for a peer that reads nothing. */
function queueing(send: (session: Session<string>) => void): Case["start"] {
  return (drain) => {
    const sessions: Session<string>[] = [];
    const server = new CountedServer(drain, {
      takesAtOnce: false,
      maxOutboundBytes: Infinity,
      maxOutboundFrames: Infinity,
      onConnect(session) {
        session.join("everyone");
        sessions.push(session);
      },
    });
    server.connect();
    const session = sessions[0] as Session<string>;
    const once = () => {
      send(session);
      drain();
    };
    return { server, once };
  };
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

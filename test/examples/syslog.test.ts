// The syslog example, fed by logger.
import process from "node:process";
import { describe, expect, it, vi } from "vitest";
import service, { intake, type LogMessage } from "../../examples/syslog/service.ts";
import { type Context, type ServerEvent, serve, transport } from "../../src/mod.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import { eventually, start, stopServersAfterEach } from "../conformance/support/platform.ts";
import { RealProgram } from "../support/real_program.ts";

const logger = new RealProgram("logger", "bsdutils");
const python = new RealProgram("python3", "python3");

stopServersAfterEach();

/** A program with Python's own handler and its defaults: each message ends at NUL. */
const PYTHON = `
import logging, logging.handlers, socket, sys
handler = logging.handlers.SysLogHandler(("127.0.0.1", int(sys.argv[1])), socktype=socket.SOCK_STREAM)
log = logging.getLogger("tests")
log.addHandler(handler)
log.error("disk %s is full", "/dev/sda")
log.warning("w\u00f6rld")
handler.facility = handler.LOG_LOCAL4
log.critical("5 is not a count")
handler.close()
`;

function collected(frames: readonly string[]): LogMessage[] {
  const received: LogMessage[] = [];
  const { handler } = intake((message) => void received.push(message));
  for (const frame of frames) expect(handler(frame, { truncated: false } as Context)).toBeUndefined();
  return received;
}

it.each([
  ["<13>1 - - - - - - hello", 1, 5, "1 - - - - - - hello"],
  ["<0>kernel panic", 0, 0, "kernel panic"],
  ["<165>local", 20, 5, "local"],
  ["<191>most", 23, 7, "most"],
  ["<14>with an end\n", 1, 6, "with an end"],
  ["<14>with an end\r\n", 1, 6, "with an end"],
  ["<14>with an end\0", 1, 6, "with an end"],
  ["<14>two\nlines", 1, 6, "two\nlines"],
  ["<14>", 1, 6, ""],
  ["no priority", 1, 5, "no priority"],
  ["<192>too high", 1, 5, "<192>too high"],
  ["<013>leading zero", 1, 5, "<013>leading zero"],
  ["<>none", 1, 5, "<>none"],
])("%j is of facility %d and severity %d", (frame, facility, severity, message) => {
  expect(collected([frame])).toEqual([{ facility, severity, message }]);
});

it("prints a message as one line, whatever is in it", () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  void service.handler('<14>a "quoted"\nline', { truncated: false } as Context);
  expect(log.mock.calls).toEqual([['{"severity":6,"facility":1,"message":"a \\"quoted\\"\\nline"}']]);
  log.mockRestore();
});

it("cuts a message that is too long, and says so", async () => {
  const received: LogMessage[] = [];
  const platform = { name: "the runtime", transport: transport, dial: dialNet, faults: {} };
  const { dial, closed } = await start(
    platform,
    intake((message) => void received.push(message)),
  );
  const client = await dial();
  client.send(`<14>${"x".repeat(65_531)}\u00e9\u00e9\n<14>ok\n70000 <14>${"y".repeat(69_996)}<14>end\0`);
  client.finish();
  expect(await client.rest()).toBe("");
  expect(received.map(({ message, truncated }) => [message.length, message.at(-1), truncated])).toEqual([
    [65_531, "x", true],
    [2, "k", undefined],
    [65_532, "y", true],
    [3, "d", undefined],
  ]);
  expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 4 });
});

const BRIEF = "--rfc5424=notime,notq,nohost";
const TWO = [
  [1, 5, "1 - - tag - - - one"],
  [1, 5, "1 - - tag - - - two"],
] as const;

// macOS has one that only writes to the system's own log.
describe.skipIf(process.platform === "darwin")("logger", () => {
  it.for([
    [["--octet-count", BRIEF, "--priority", "local4.warning", "wörld"], "", [[20, 4, "1 - - tag - - - wörld"]]],
    [["--octet-count", BRIEF, "two\nlines"], "", [[1, 5, "1 - - tag - - - two\nlines"]]],
    [["--octet-count", BRIEF], "one\ntwo\n", TWO],
    [[BRIEF, "--priority", "mail.debug", "wörld"], "", [[2, 7, "1 - - tag - - - wörld"]]],
    [[BRIEF], "one\ntwo\n", TWO],
  ] as const)("%j with %j", async ([args, input, messages], context) => {
    const received: LogMessage[] = [];
    const ends: ServerEvent[] = [];
    const server = await serve({
      ...intake((message) => void received.push(message)),
      port: 0,
      observer: (event) => void (event.type === "connection-closed" && ends.push(event)),
    });
    try {
      const to = ["--tcp", "--server", "127.0.0.1", "--port", String(server.address.port), "--tag", "tag"];
      expect(await logger.run(context, [...to, ...args], input)).toEqual({ code: 0, stdout: "", stderr: "" });
      await eventually(() => ends.length === 1);
      expect(ends).toMatchObject([{ reason: "remote-closed", framesIn: messages.length, bytesOut: 0 }]);
      expect(received.map(({ facility, severity, message }) => [facility, severity, message])).toEqual(messages);
    } finally {
      await server.shutdown();
    }
  });

  it("with its defaults: a time, a host, and where they come from", async (context) => {
    const received: LogMessage[] = [];
    const server = await serve({ ...intake((message) => void received.push(message)), port: 0 });
    try {
      const to = ["--tcp", "--server", "127.0.0.1", "--port", String(server.address.port)];
      expect((await logger.run(context, [...to, "--octet-count", "--rfc5424", "--tag", "tag", "hello"])).code).toBe(0);
      await eventually(() => received.length === 1);
      expect(received[0]?.message).toMatch(/^1 \d{4}-\d\d-\d\dT\S+ \S+ tag - - (\[.*\]|-) hello$/);
    } finally {
      await server.shutdown();
    }
  });
});

it("takes what Python's SysLogHandler sends with its defaults", async (context) => {
  const received: LogMessage[] = [];
  const ends: ServerEvent[] = [];
  const server = await serve({
    ...intake((message) => void received.push(message)),
    port: 0,
    observer: (event) => void (event.type === "connection-closed" && ends.push(event)),
  });
  try {
    const ending = await python.run(context, ["-c", PYTHON, String(server.address.port)]);
    expect(ending).toEqual({ code: 0, stdout: "", stderr: "" });
    await eventually(() => ends.length === 1);
    expect(ends).toMatchObject([{ reason: "remote-closed", framesIn: 3, bytesOut: 0 }]);
    expect(received.map(({ facility, severity, message }) => [facility, severity, message])).toEqual([
      [1, 3, "disk /dev/sda is full"],
      [1, 4, "wörld"],
      [20, 2, "5 is not a count"],
    ]);
  } finally {
    await server.shutdown();
  }
});

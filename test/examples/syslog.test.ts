// The syslog example, fed by logger.
import process from "node:process";
import { describe, expect, it, vi } from "vitest";
import service, { intake, type LogMessage } from "../../examples/syslog/service.ts";
import { type Context, type ServerEvent, serve } from "../../src/mod.ts";
import { eventually } from "../conformance/platform.ts";
import { RealProgram } from "./real_program.ts";

const logger = new RealProgram("logger", "bsdutils");

function collected(frames: readonly string[]): LogMessage[] {
  const received: LogMessage[] = [];
  const { handler } = intake((message) => void received.push(message));
  for (const frame of frames) expect(handler(frame, {} as Context)).toBeUndefined();
  return received;
}

it.each([
  ["<13>1 - - - - - - hello", 1, 5, "1 - - - - - - hello"],
  ["<0>kernel panic", 0, 0, "kernel panic"],
  ["<165>local", 20, 5, "local"],
  ["<191>most", 23, 7, "most"],
  ["<14>with an end\n", 1, 6, "with an end"],
  ["<14>with an end\r\n", 1, 6, "with an end"],
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
  void service.handler('<14>a "quoted"\nline', {} as Context);
  expect(log.mock.calls).toEqual([['{"severity":6,"facility":1,"message":"a \\"quoted\\"\\nline"}']]);
  log.mockRestore();
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

import { getLogger, resetSync } from "@logtape/logtape";
import { afterEach, describe, expect, it } from "vitest";
import { LOG_LEVELS, type LogOptions, startLog } from "../../src/cli/log.ts";
import { logObserver, observerErrorLog } from "../../src/cli/log_observer.ts";
import { LogOutput } from "../../src/core/mod.ts";
import { type ObservedServer, SpillwayError } from "../../src/mod.ts";
import { type ManualClock, manualClock } from "../../src/testing/mod.ts";

afterEach(() => resetSync());

const connection = {
  id: 7,
  remoteAddress: { hostname: "127.0.0.1", port: 5000 },
  localAddress: { hostname: "127.0.0.1", port: 8080 },
};

function started(options: Partial<LogOptions>, clock?: ManualClock) {
  const written: string[] = [];
  const logger = startLog({
    level: "info",
    format: "pretty",
    colors: false,
    output: new LogOutput((text, done) => {
      written.push(text);
      done();
    }),
    ...options,
  });
  return { logger, written, observe: logObserver(logger, { clock }) };
}

describe("json", () => {
  it("is one object a line, with the fields beside the message", () => {
    const { written, observe } = started({ format: "json", level: "debug" });
    observe({ type: "connection-opened", connection });
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(written[0] as string)).toEqual({
      "@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
      level: "DEBUG",
      logger: "spillway",
      message: "connection 7 from 127.0.0.1:5000 opened",
      event: "connection-opened",
      connection: 7,
      remote: "127.0.0.1:5000",
    });
  });

  it("carries stacks, braces and line breaks as they are", () => {
    const { written, observe } = started({ format: "json" });
    const cause = new Error("bad {event}\n{}\u001b[2J\u009b");
    const error = new SpillwayError("handler-failed", `the handler threw: ${cause.message}`, { cause });
    observe({ type: "handler-error", connection, error });
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^[\u0020-\u007e]*\n$/);
    expect(JSON.parse(written[0] as string)).toMatchObject({
      level: "ERROR",
      event: "handler-error",
      error: error.message,
      cause: { message: cause.message, stack: cause.stack },
    });
  });
});

describe("pretty", () => {
  it("is a time, a level and a sentence", () => {
    const { written, observe } = started({});
    const server = {} as ObservedServer;
    observe({ type: "listening", address: { hostname: "::1", port: 1 }, transport: "node 20.20.2", server });
    expect(written.join("")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d INF listening on \[::1\]:1 \(node 20\.20\.2\)\n$/,
    );
  });

  it("shows the stacks of what a handler threw, and no control characters", () => {
    const { written, observe } = started({});
    const cause = new Error("bad \u001b[31mline\u001b[2J", { cause: new TypeError("the reason") });
    const error = new SpillwayError("handler-failed", `the handler threw: ${cause.message}`, { cause });
    observe({ type: "handler-error", connection, error });
    const text = written.join("");
    expect(text).toContain("ERR connection 7 from 127.0.0.1:5000: the handler threw: bad ");
    expect(text).toMatch(/\n {2}Error: bad /);
    expect(text).toMatch(/\n {2}caused by: TypeError: the reason\n {6}at /);
    expect(text).not.toContain("\u001b");
  });

  it("keeps an error with line breaks in its one line", () => {
    const { written, observe } = started({});
    observe({ type: "accept-error", error: new SpillwayError("accept-failed", "one\n2026-01-01 INF forged") });
    expect(written.join("").trimEnd()).not.toContain("\n");
  });

  it.each([true, false])("has colours: %j", (colors) => {
    const { written, observe } = started({ colors });
    observe({ type: "draining", connections: 1 });
    expect(written.join("").includes("\u001b[")).toBe(colors);
  });
});

// Each of these hides text, reorders it, or breaks a line somewhere.
const UNSEEN = "\r\u0085\u200b\u202e\u2028\u2066\ufeff\u{e0041}";

describe.each(["json", "pretty"] as const)("what a peer sent, in a %s log", (format) => {
  it("hides and reorders nothing, in a message and in a stack", () => {
    const { written, observe } = started({ format });
    const cause = new Error(`bad ${UNSEEN} line`, { cause: new Error(UNSEEN) });
    observe({
      type: "handler-error",
      connection,
      error: new SpillwayError("handler-failed", cause.message, { cause }),
    });
    const text = written.join("");
    expect(text).toContain("\\u202e");
    expect(text).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u);
    if (format === "json") expect(JSON.parse(text)).toMatchObject({ cause: { message: cause.message } });
  });

  it("is cut to a bounded length", () => {
    const { written, observe } = started({ format });
    const cause = new Error("x".repeat(1_000_000));
    cause.cause = cause;
    observe({
      type: "handler-error",
      connection,
      error: new SpillwayError("handler-failed", cause.message, { cause }),
    });
    expect(written.join("").length).toBeLessThan(120_000);
    expect(written.join("")).toContain("… (998976 more)");
  });

  it("cannot keep the log from being written, whatever was thrown", () => {
    const { written, observe } = started({ format });
    const cause = new Error("seen");
    Object.defineProperty(cause, "message", {
      get() {
        throw new Error("hostile");
      },
    });
    observe({ type: "handler-error", connection, error: new SpillwayError("handler-failed", "it threw", { cause }) });
    expect(written.join("")).toContain("it threw");
  });
});

describe("a flood", () => {
  const error = new SpillwayError("frame-too-large", "a line of more than 8 bytes");

  it("is five lines and a sum every ten seconds, for each kind", async () => {
    const clock = manualClock();
    const { written, observe } = started({ format: "json" }, clock);
    for (let i = 0; i < 1_209; i += 1) observe({ type: "frame-error", connection, error, skipped: true });
    expect(written).toHaveLength(5);
    observe({ type: "handler-error", connection, error: new SpillwayError("handler-failed", "boom") });
    expect(written).toHaveLength(6);
    await clock.advance(10_000);
    expect(written).toHaveLength(7);
    expect(JSON.parse(written[6] as string)).toMatchObject({
      level: "WARN",
      event: "frame-error",
      more: 1_204,
      seconds: 10,
      message:
        "1,204 more like this in the last 10 s, the last of them: connection 7 from 127.0.0.1:5000: a frame was skipped: a line of more than 8 bytes",
    });
    expect(clock.pending).toBe(0);
  });

  it("is summed up before the drained server is reported", () => {
    const { written, observe } = started({}, manualClock());
    for (let i = 0; i < 7; i += 1) observe({ type: "frame-error", connection, error, skipped: true });
    observe({ type: "drained", drained: 1, aborted: 0 });
    expect(written.slice(5)).toEqual([
      expect.stringContaining("2 more like this in the last 1 s, the last of them: connection 7"),
      expect.stringContaining("drained, closed in order: 1"),
    ]);
  });

  it("of connections that open and close in order is logged line by line at debug", () => {
    const { written, observe } = started({ level: "debug" });
    for (let i = 0; i < 100; i += 1) observe({ type: "connection-opened", connection });
    expect(written).toHaveLength(100);
  });
});

it("logs what the observer of a service throws, a flood of it in a few lines and a sum", async () => {
  const clock = manualClock();
  const { logger, written } = started({ format: "json" });
  const log = observerErrorLog(logger, clock);
  for (let i = 0; i < 25; i += 1) log(new Error("observer bug"), { type: "connection-opened", connection });
  expect(written).toHaveLength(5);
  await clock.advance(10_000);
  expect(written).toHaveLength(6);
  expect(JSON.parse(written[5] as string)).toMatchObject({
    level: "ERROR",
    event: "observer-failed",
    message:
      "20 more like this in the last 10 s, the last of them: the service's observer threw at connection-opened: observer bug",
  });
});

describe("levels", () => {
  it.each([
    ["debug", ["debug", "info", "warning", "error"]],
    ["info", ["info", "warning", "error"]],
    ["warning", ["warning", "error"]],
    ["error", ["error"]],
  ] as const)("%s lets %j through, and nothing of LogTape's own", (level, passed) => {
    const { logger, written } = started({ level, format: "json" });
    for (const each of LOG_LEVELS) logger[each](each);
    expect(written.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(passed);
  });
});

it("takes what a service logs with LogTape", () => {
  const { written } = started({ format: "json" });
  getLogger(["my", "service"]).info("hello {name}", { name: "you" });
  expect(JSON.parse(written.join(""))).toMatchObject({ logger: "my.service", message: "hello you", name: "you" });
});

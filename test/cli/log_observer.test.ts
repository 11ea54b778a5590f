import { describe, expect, it } from "vitest";
import { firstLine } from "../../src/cli/failure.ts";
import { errorFields, eventRecord } from "../../src/cli/log_observer.ts";
import { type CloseReason, type ObservedServer, type ServerEvent, SpillwayError } from "../../src/mod.ts";
import { HOSTILE } from "../core/support/hostile.ts";

const connection = {
  id: 7,
  remoteAddress: { hostname: "::1", port: 5000 },
  localAddress: { hostname: "::1", port: 8080 },
};
const who = { connection: 7, remote: "[::1]:5000" };
const refused = new SpillwayError("frame-too-large", "a line of more than 8 bytes");

function unwanted(): never {
  throw new Error("the log asks the server for nothing");
}
const server: ObservedServer = {
  state: "listening",
  addresses: [],
  sessions: [],
  groups: [],
  stats: unwanted,
  stopAccepting: unwanted,
  shutdown: unwanted,
};

function closed(reason: CloseReason, error?: SpillwayError): ServerEvent {
  const counts = { bytesIn: 1, bytesOut: 2, framesIn: 3, framesOut: 4, framesDropped: 6, durationMs: 5.4321 };
  const event = { type: "connection-closed", connection, reason, ...counts } as const;
  return error === undefined ? event : { ...event, error };
}

const discarded = { ...closed("drained"), bytesDiscarded: 9 } as ServerEvent;

describe("eventRecord", () => {
  it.each<[ServerEvent, string, Record<string, unknown>]>([
    [
      { type: "listening", address: { hostname: "127.0.0.1", port: 8080 }, transport: "node 20.20.2", server },
      "info",
      { address: "127.0.0.1:8080", transport: "node 20.20.2" },
    ],
    [{ type: "connection-opened", connection }, "debug", who],
    [
      closed("remote-closed"),
      "debug",
      {
        ...who,
        reason: "remote-closed",
        bytesIn: 1,
        bytesOut: 2,
        framesIn: 3,
        framesOut: 4,
        framesDropped: 6,
        durationMs: 5,
      },
    ],
    [
      { type: "slow-consumer", connection, policy: "drop", waitingBytes: 9, waitingFrames: 2 },
      "warning",
      { ...who, policy: "drop", waitingBytes: 9, waitingFrames: 2 },
    ],
    [
      closed("frame-too-large", refused),
      "warning",
      {
        ...who,
        reason: "frame-too-large",
        bytesIn: 1,
        bytesOut: 2,
        framesIn: 3,
        framesOut: 4,
        framesDropped: 6,
        durationMs: 5,
        code: "frame-too-large",
        error: "a line of more than 8 bytes",
      },
    ],
    [
      { type: "frame-error", connection, error: refused, skipped: true },
      "warning",
      { ...who, skipped: true, code: "frame-too-large", error: "a line of more than 8 bytes" },
    ],
    [
      { type: "handler-error", connection, error: new SpillwayError("handler-timeout", "too late") },
      "error",
      { ...who, code: "handler-timeout", error: "too late" },
    ],
    [
      { ...closed("connection-reset"), framesAfterReset: 7 } as ServerEvent,
      "warning",
      expect.objectContaining({ reason: "connection-reset", framesAfterReset: 7 }) as Record<string, unknown>,
    ],
    [{ type: "bus-up", bus: "nats", downMs: 7.6 }, "info", { bus: "nats", downMs: 8 }],
    [
      { type: "bus-down", bus: "nats", error: new SpillwayError("bus-connect-failed", "refused"), retryInMs: 100 },
      "warning",
      { bus: "nats", code: "bus-connect-failed", error: "refused", retryInMs: 100 },
    ],
    [
      {
        type: "bus-gap",
        bus: "nats",
        origin: "0123456789ab",
        missed: 3,
        why: "lost",
        error: new SpillwayError("bus-gap", "3 frames"),
      },
      "warning",
      { bus: "nats", origin: "0123456789ab", missed: 3, why: "lost", code: "bus-gap", error: "3 frames" },
    ],
    [
      { type: "bus-error", bus: "nats", error: new SpillwayError("bus-message-invalid", "garbage") },
      "error",
      { bus: "nats", code: "bus-message-invalid", error: "garbage" },
    ],
    [{ type: "connections-full", connections: 3 }, "warning", { connections: 3 }],
    [{ type: "connections-available", fullMs: 1.4 }, "info", { fullMs: 1 }],
    [{ type: "accepting-stopped", connections: 3 }, "info", { connections: 3 }],
    [{ type: "accepting-stopped", connections: 3, graceMs: 5 }, "info", { connections: 3, graceMs: 5 }],
    [{ type: "draining", connections: 3 }, "info", { connections: 3 }],
    [{ type: "drained", drained: 3, aborted: 0 }, "info", { drained: 3, aborted: 0 }],
    [{ type: "drained", drained: 2, aborted: 1 }, "error", { drained: 2, aborted: 1 }],
    [
      { type: "drained", drained: 2, aborted: 0, bytesDiscarded: 9 },
      "warning",
      { drained: 2, aborted: 0, bytesDiscarded: 9 },
    ],
  ])("of %j is at level %s", (event, level, fields) => {
    const record = eventRecord(event);
    expect(record.level).toBe(level);
    expect(record.fields).toEqual(fields);
  });

  it("warns of a connection that discarded what came while the server drained", () => {
    const { level, message, fields } = eventRecord(discarded);
    expect([level, fields.bytesDiscarded]).toEqual(["warning", 9]);
    expect(message).toContain("bytes discarded: {bytesDiscarded}");
    const idle = { ...closed("idle-timeout"), bytesDiscarded: 9 } as ServerEvent;
    expect(eventRecord(idle)).toMatchObject({ level: "debug", fields: { bytesDiscarded: 9 } });
  });

  it.each<[CloseReason, string]>([
    ["remote-closed", "debug"],
    ["drained", "debug"],
    ["idle-timeout", "debug"],
    ["lifetime-reached", "debug"],
    ["unexpected-eof", "warning"],
    ["connection-reset", "warning"],
    ["connection-failed", "warning"],
    ["frame-too-large", "warning"],
    ["frame-invalid", "warning"],
    ["codec-failed", "warning"],
    ["handler-failed", "warning"],
    ["handler-timeout", "warning"],
    ["frame-timeout", "warning"],
    ["write-timeout", "warning"],
    ["too-many-connections", "warning"],
    ["drain-timeout", "warning"],
  ])("of a connection that ended with %s is at level %s", (reason, level) => {
    expect(eventRecord(closed(reason)).level).toBe(level);
  });

  it.each([
    [undefined, "error"],
    [0, "debug"],
    [10, "warning"],
  ])("of an accept error that is retried in %j ms is at level %s", (retryInMs, level) => {
    const error = new SpillwayError("out-of-descriptors", "cannot accept");
    const record = eventRecord({ type: "accept-error", error, ...(retryInMs !== undefined && { retryInMs }) });
    expect(record.level).toBe(level);
    expect(record.fields).toEqual({
      code: "out-of-descriptors",
      error: "cannot accept",
      ...(retryInMs !== undefined && { retryInMs }),
    });
  });

  it("names in its message only fields that it has", () => {
    const events: ServerEvent[] = [
      { type: "listening", address: connection.localAddress, transport: "x", server },
      { type: "accept-error", error: refused },
      { type: "accept-error", error: refused, retryInMs: 0 },
      { type: "accept-error", error: refused, retryInMs: 10 },
      { type: "connection-opened", connection },
      closed("drained"),
      { type: "frame-error", connection, error: refused, skipped: false },
      { type: "frame-error", connection, error: refused, skipped: true },
      { type: "handler-error", connection, error: refused },
      { type: "draining", connections: 0 },
      discarded,
      { type: "drained", drained: 0, aborted: 0 },
      { type: "drained", drained: 0, aborted: 0, bytesDiscarded: 9 },
    ];
    for (const event of events) {
      const { message, fields } = eventRecord(event);
      for (const [, name] of message.matchAll(/\{(\w+)\}/g)) expect(fields).toHaveProperty(name as string);
    }
  });

  it("keeps what a handler threw, with stacks, as plain fields", () => {
    const root = new TypeError("the reason");
    const cause = new Error("boom", { cause: root });
    const error = new SpillwayError("handler-failed", "the handler threw: boom", { cause });
    expect(eventRecord({ type: "handler-error", connection, error }).fields).toEqual({
      ...who,
      code: "handler-failed",
      error: "the handler threw: boom",
      cause: {
        name: "Error",
        message: "boom",
        stack: cause.stack,
        cause: { name: "TypeError", message: "the reason", stack: root.stack },
      },
    });
  });

  it("does not follow a ring of causes for ever", () => {
    const cause = new Error("a snake");
    cause.cause = cause;
    const error = new SpillwayError("handler-failed", "the handler threw", { cause });
    expect(JSON.stringify(eventRecord({ type: "handler-error", connection, error }).fields)).toContain("a snake");
  });
});

it.each(HOSTILE)("the fields of an error describe its cause, whatever was thrown: %s", (_name, thrown, text) => {
  expect(firstLine(thrown)).toBe(text);
  const fields = errorFields(new SpillwayError("handler-failed", "it threw", { cause: thrown }));
  expect(JSON.parse(JSON.stringify(fields))).toMatchObject({ code: "handler-failed", error: "it threw" });
});

import { describe, expect, it } from "vitest";
import { connect, lines } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";

const VALID = { hostname: "127.0.0.1", port: 1, codec: lines() };

/** Returns the error with which `connect` refuses the options; `connection-refused` when it does not. */
async function refusal(options: Record<string, unknown>): Promise<unknown> {
  try {
    return await connect(memoryTransport(), { ...VALID, ...options });
  } catch (error) {
    return error;
  }
}

const DURATIONS = [
  "connectTimeoutMs",
  "requestTimeoutMs",
  "idleTimeoutMs",
  "frameTimeoutMs",
  "writeTimeoutMs",
  "authenticationTimeoutMs",
];
const COUNTS = ["maxPendingRequests", "maxConsecutiveTimeouts", "maxPushes", "maxOutboundBytes", "maxOutboundFrames"];

const nonsense = (names: readonly string[], values: readonly unknown[], kind: typeof RangeError | typeof TypeError) =>
  names.flatMap((name) => values.map((value) => ({ name, value, kind })));

const REFUSED = [
  ...nonsense([...DURATIONS, ...COUNTS], [0, -1, Number.NaN], RangeError),
  ...nonsense(COUNTS, [1.5], RangeError),
  ...nonsense([...DURATIONS, ...COUNTS], ["1"], TypeError),
  ...nonsense(["port"], [0, -1, 65_536, 1.5], RangeError),
  ...nonsense(["port"], [undefined], TypeError),
  ...nonsense(["hostname"], ["", 5], TypeError),
  ...nonsense(["codec"], [undefined, null, {}, "lines"], TypeError),
  ...nonsense(["observer", "isPush", "random", "onConnect"], ["no", {}], TypeError),
  ...nonsense(["localAddress"], ["", 5], TypeError),
  ...nonsense(["hosts"], [[{ hostname: "127.0.0.1", port: 1 }]], TypeError),
  ...nonsense(["heartbeat"], ["PING", null, { everyMs: 1 }, { everyMs: "1", frame: "PING" }], TypeError),
  ...nonsense(["heartbeat"], [{ everyMs: 1, frame: "PING", expect: "PONG" }], TypeError),
  ...nonsense(["heartbeat"], [{ everyMs: 0, frame: "PING" }], RangeError),
  ...nonsense(["heartbeat"], [{ everyMs: Infinity, frame: "PING" }], RangeError),
  ...nonsense(["heartbeat"], [{ everyMs: 1, frame: "PING", timeoutMs: Infinity }], RangeError),
  ...nonsense(["signal"], ["no", {}, null], TypeError),
  ...nonsense(["slowConsumer"], ["wait", ""], RangeError),
  ...nonsense(["reconnect"], ["yes", 1, null], TypeError),
  ...nonsense(
    ["reconnect"],
    [
      { minDelayMs: 0 },
      { minDelayMs: Infinity, maxDelayMs: Infinity },
      { maxDelayMs: Infinity },
      { maxDelayMs: 100, minDelayMs: 200 },
      { factor: 0.9 },
      { factor: Infinity },
      { jitter: -0.1 },
      { jitter: 1.1 },
      { jitter: Number.NaN },
      { maxAttempts: 0 },
      { maxAttempts: 1.5 },
    ],
    RangeError,
  ),
  ...nonsense(["reconnect"], [{ jitter: "full" }, { factor: "2" }, { minDelayMs: "1" }], TypeError),
];

describe("connect to several hosts", () => {
  it.each([
    [[], TypeError, "hosts"],
    ["127.0.0.1:1", TypeError, "hosts"],
    [[{ hostname: "", port: 1 }], TypeError, "hostname"],
    [[undefined], TypeError, "hostname"],
    [[{ hostname: "127.0.0.1", port: 0 }], RangeError, "port"],
  ])("refuses the hosts %j", async (hosts, kind, named) => {
    const error = await refusal({ hostname: undefined, port: undefined, hosts });
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(named);
  });
});

describe("connect", () => {
  it.each(REFUSED)("refuses $name: $value", async ({ name, value, kind }) => {
    const error = await refusal({ [name]: value });
    expect(error).toBeInstanceOf(kind);
    const named = typeof value === "object" && name === "reconnect" && value !== null ? Object.keys(value)[0] : name;
    expect((error as Error).message).toContain(named);
  });

  it.each([
    { reconnect: true },
    { reconnect: false },
    { reconnect: {} },
    { reconnect: { maxAttempts: Infinity, jitter: 0, factor: 1 } },
    Object.fromEntries([...DURATIONS, ...COUNTS].map((name) => [name, Infinity])),
    { isPush: undefined, observer: undefined, signal: undefined, reconnect: undefined },
  ])("takes the options %o", async (options) => {
    expect(await refusal(options)).toMatchObject({ code: "connection-refused" });
  });
});

import { describe, expect, it } from "vitest";
import { pool } from "../../src/compute/mod.ts";
import {
  contentLength,
  delimited,
  fixedLength,
  int16,
  int32,
  json,
  lengthPrefixed,
  lines,
  netstrings,
  octetCounted,
  text,
  varintPrefixed,
} from "../../src/core/codecs/mod.ts";
import { checkOptions, connect, serve } from "../../src/core/mod.ts";
import { authenticate, logging, rateLimit, timeout } from "../../src/middleware/mod.ts";
import { metrics, openTelemetryMetrics, tracing } from "../../src/observers/metrics/mod.ts";
import { parseProxyHeader, proxyHeader, proxyProtocol, sendProxyHeader } from "../../src/proxy_protocol/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

const served = (options: object) =>
  serve(memoryTransport(), { port: 0, codec: lines(), handler: (line) => line, ...options });

const connected = (options: object) =>
  connect(memoryTransport(), { hostname: "localhost", port: 1, codec: lines(), ...options });

/** Stands for what is not looked at. */
const NONE = {} as never;

/** The functions that take options, each with a name that it does not know, and the one that was meant. */
const TAKERS: readonly (readonly [name: string, take: (options: object) => unknown, given: string, meant: string])[] = [
  ["serve", served, "idleTimeout", "idleTimeoutMs"],
  ["serve", served, "onconnect", "onConnect"],
  ["serve", served, "maxConnection", "maxConnections"],
  ["connect", connected, "connectTimeout", "connectTimeoutMs"],
  ["connect, for reconnecting", (reconnect) => connected({ reconnect }), "maxAttempt", "maxAttempts"],
  [
    "connect, for a heartbeat",
    (heartbeat) => connected({ heartbeat: { everyMs: 1, frame: "", ...heartbeat } }),
    "timeout",
    "timeoutMs",
  ],
  ["lines", (options) => lines(options), "maxFrameSize", "maxFrameBytes"],
  ["delimited", (options) => delimited({ delimiter: "|", ...options }), "delimiters", "delimiter"],
  ["fixedLength", (options) => fixedLength({ bytes: 1, ...options }), "byte", "bytes"],
  ["lengthPrefixed", (options) => lengthPrefixed({ width: 1, ...options }), "endianness", "endian"],
  ["varintPrefixed", (options) => varintPrefixed(options), "maxframebytes", "maxFrameBytes"],
  ["netstrings", (options) => netstrings(options), "maxFrame", "maxFrameBytes"],
  ["octetCounted", (options) => octetCounted(options), "delimeter", "delimiter"],
  ["contentLength", (options) => contentLength(options), "maxFrameByte", "maxFrameBytes"],
  ["int16", (options) => int16(options), "sign", "signed"],
  ["int32", (options) => int32(options), "endians", "endian"],
  ["text", (options) => text(netstrings(), "utf-8", options), "fatale", "fatal"],
  ["json", (options) => json(lines(), options), "shema", "schema"],
  ["metrics", (options) => metrics(options), "group", "groups"],
  ["openTelemetryMetrics", (options) => openTelemetryMetrics({ meter: NONE, ...options }), "pool", "pools"],
  ["tracing", (options) => tracing({ tracer: NONE, sampleRatio: 1, ...options }), "sampleRate", "sampleRatio"],
  ["authenticate", (options) => authenticate({ check: () => true, ...options }), "accept", "accepted"],
  ["logging", (options) => logging({ log: () => {}, ...options }), "clocks", "clock"],
  ["rateLimit", (options) => rateLimit({ perSecond: 1, onLimit: "wait", ...options }), "bursts", "burst"],
  ["timeout", (options) => timeout({ ms: 1, ...options }), "repl", "reply"],
  ["proxyProtocol", (options) => proxyProtocol({ from: "::1", ...options }), "version", "versions"],
  ["parseProxyHeader", (options) => parseProxyHeader(new Uint8Array(0), options), "maxHeaderByte", "maxHeaderBytes"],
  ["proxyHeader", (options) => proxyHeader(options), "sources", "source"],
  ["proxyHeader, for TLS", (tls) => proxyHeader({ tls }), "cypher", "cipher"],
  ["sendProxyHeader", (options) => sendProxyHeader(options), "crc32", "crc32c"],
  ["pool", (options) => pool(new URL("file:///worker.js"), options), "maxMemory", "maxMemoryMb"],
];

/** Returns the error with which `take` refuses the options. */
async function refusal(take: (options: object) => unknown, options: object): Promise<unknown> {
  try {
    await take(options);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("an option that there is not", () => {
  const cases = TAKERS.map(([name, take, given, meant]) => ({ name, take, given, meant }));
  it.each(cases)("is refused by $name, with the one that was meant: $given", async ({ take, given, meant }) => {
    const error = await refusal(take, { [given]: 5 });
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(`unknown option ${given}; did you mean ${meant}?`);
    expect(await refusal(take, { [given]: undefined })).toEqual(error);
  });

  it("is refused by shutdown() too", async () => {
    const server = await served({});
    expect(() => server.shutdown({ timeout: 5 } as object)).toThrow("unknown option timeout; did you mean timeoutMs?");
    await server.shutdown();
  });

  it("is refused by broadcast() too", async () => {
    const server = await served({});
    const broadcast = () => server.group("all").broadcast("line", { exept: undefined } as object);
    expect(broadcast).toThrow("unknown option exept; did you mean except?");
    await server.shutdown();
  });

  it("is named alone when nothing is near it", () => {
    expect(() => checkOptions({ bananas: 1 }, { port: true })).toThrow(/^unknown option bananas$/);
  });

  it.each(["toString", "constructor", "__proto__"])("is none of every object's: %s", (name) => {
    const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
    expect(() => checkOptions(options, { port: true })).toThrow(TypeError);
  });

  it("is not what is inherited, hidden or a symbol", () => {
    class Service {
      readonly port = 1;
      readonly #count = 2;
      method(): number {
        return this.#count;
      }
    }
    const options = Object.defineProperty(new Service(), "hidden", { value: 1, enumerable: false });
    expect(() => checkOptions(Object.assign(options, { [Symbol("own")]: 1 }), { port: true })).not.toThrow();
  });

  it.each([null, undefined, 5, "text"])("is not what is no object, which is refused all the same: %s", (options) => {
    expect(() => checkOptions(options as never, { port: true })).toThrow(TypeError);
  });
});

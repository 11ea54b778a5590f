import { describe, expect, it } from "vitest";
import {
  bytes,
  contentLength,
  delimited,
  fixedLength,
  int16,
  json,
  lengthPrefixed,
  mapCodec,
  netstrings,
  octetCounted,
  text,
  varintPrefixed,
} from "../../src/core/codecs/mod.ts";
import { lines, serve } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

const COUNTS = [
  "maxConnections",
  "concurrency",
  "maxConcurrentHandlers",
  "maxOutboundBytes",
  "maxOutboundFrames",
  "minWriteBytesPerSecond",
  "maxTotalOutboundBytes",
  "maxTotalInboundBytes",
  "backlog",
] as const;
const DURATIONS = [
  "idleTimeoutMs",
  "silenceTimeoutMs",
  "frameTimeoutMs",
  "handlerTimeoutMs",
  "writeTimeoutMs",
  "authenticationTimeoutMs",
  "lifetimeMs",
  "lingerTimeoutMs",
  "maxLingerMs",
  "drainTimeoutMs",
] as const;

const VALID = { port: 0, codec: lines(), handler: (line: string) => line };

/** Returns the error with which `serve` refuses the options. Closes the server again if it does not. */
async function refusal(options: Record<string, unknown>): Promise<unknown> {
  try {
    const server = await serve(memoryTransport(), { ...VALID, ...options });
    await server.shutdown();
    return undefined;
  } catch (error) {
    return error;
  }
}

const nonsense = (names: readonly string[], values: readonly unknown[], kind: typeof RangeError | typeof TypeError) =>
  names.flatMap((name) => values.map((value) => ({ name, value, kind })));

const REFUSED = [
  ...nonsense([...COUNTS, ...DURATIONS], [0, -0, -1, -Infinity, Number.NaN], RangeError),
  ...nonsense(COUNTS, [0.5, 1.5, 2 ** 53], RangeError),
  ...nonsense([...COUNTS, ...DURATIONS], ["1", true, {}, 1n], TypeError),
  ...nonsense(["keepAliveMs"], [0, -1, Number.NaN, 32_767_001], RangeError),
  ...nonsense(["keepAliveMs"], ["1", true], TypeError),
  ...nonsense(["port"], [-1, 65_536, 80.5, Number.NaN, Infinity], RangeError),
  ...nonsense(["port"], ["80", undefined, null], TypeError),
  ...nonsense(["hostname"], ["", 127, {}], TypeError),
  ...nonsense(["handler"], [undefined, "handler", {}], TypeError),
  ...nonsense(["codec"], [undefined, null, {}, "lines", { decoder() {} }, { encoder() {} }], TypeError),
  ...nonsense(["observer", "state", "onConnect", "onDisconnect", "onDrain", "onEnd", "random"], ["log", {}], TypeError),
  ...nonsense(["invalidFrame", "beyondMaxConnections", "slowConsumer", "afterReset"], ["ignore", "", 1], RangeError),
];

describe("serve: an option that makes no sense", () => {
  it.each(REFUSED)("is refused at the call: $name: $value", async ({ name, value, kind }) => {
    const error = await refusal({ [name]: value });
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(name);
  });

  it("is refused before anything listens", async () => {
    const transport = memoryTransport();
    await expect(serve(transport, { ...VALID, port: 80, concurrency: 0 })).rejects.toThrow(RangeError);
    await expect(transport.connect({ hostname: "127.0.0.1", port: 80 })).rejects.toMatchObject({
      code: "connection-refused",
    });
  });
});

describe('invalidFrame "truncate"', () => {
  const refused = [
    ["fixedLength", fixedLength({ bytes: 4 })],
    ["lengthPrefixed", lengthPrefixed({ width: 2 })],
    ["netstrings", netstrings()],
    ["contentLength", contentLength()],
    ["varintPrefixed", varintPrefixed()],
    ["int16", int16()],
    ["json(lines())", json(lines())],
    ["text(netstrings())", text(netstrings())],
    ["one of its user's", { decoder: () => lines().decoder(), encoder: () => lines().encoder() }],
  ] as const;

  it.each(refused)("is a TypeError with %s, which cannot", async (_name, codec) => {
    const error = await refusal({ codec, invalidFrame: "truncate" });
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain("invalidFrame");
    expect(await refusal({ codec, invalidFrame: "skip" })).toBeUndefined();
  });

  it.each([
    ["lines", lines()],
    ["delimited", delimited({ delimiter: "|" })],
    ["octetCounted", octetCounted()],
    ["bytes", bytes()],
    ["text(delimited())", text(delimited({ delimiter: "|" }))],
    ["mapCodec(lines())", mapCodec(lines(), { decode: String, encode: String })],
  ] as const)("is taken with %s", async (_name, codec) => {
    expect(await refusal({ codec, invalidFrame: "truncate" })).toBeUndefined();
  });
});

describe("serve: an option at its edge", () => {
  it.each([
    ...COUNTS.flatMap((name) => [1, 2 ** 53 - 1, Infinity].map((value) => ({ name, value }))),
    ...DURATIONS.flatMap((name) => [0.5, 1, Number.MAX_VALUE, Infinity].map((value) => ({ name, value }))),
    ...[...COUNTS, ...DURATIONS, "hostname", "observer", "invalidFrame"].map((name) => ({ name, value: undefined })),
    ...["keepAliveMs"].flatMap((name) => [0.5, 32_767_000, Infinity, undefined].map((value) => ({ name, value }))),
    ...["port"].flatMap((name) => [0, 1, 65_535].map((value) => ({ name, value }))),
  ])("$name: $value is taken", async ({ name, value }) => {
    expect(await refusal({ [name]: value })).toBeUndefined();
  });
});

describe("lines: an option that makes no sense", () => {
  it.each([
    ...nonsense(["maxFrameBytes"], [0, -1, Number.NaN, 1.5], RangeError),
    ...nonsense(["maxFrameBytes"], ["64", {}], TypeError),
    ...nonsense(["encoding"], ["ascii", "UTF-8", 8], RangeError),
    ...nonsense(["unterminated"], ["drop", true], RangeError),
  ])("is refused at the call: $name: $value", ({ name, value, kind }) => {
    expect(() => lines({ [name]: value } as object)).toThrow(kind);
    expect(() => lines({ [name]: value } as object)).toThrow(name);
  });
});

describe("serve: where it cannot listen", () => {
  it.each([
    ["in use", "127.0.0.1", "address-in-use"],
    ["another host's address", "192.0.2.1", "address-not-available"],
    ["a name without an address", "nowhere.invalid", "host-not-found"],
  ])("says why, and leaves the address free: %s", async (_name, hostname, code) => {
    const transport = memoryTransport();
    const server = await serve(transport, { ...VALID, port: 4_000 });
    await expect(serve(transport, { ...VALID, hostname, port: 4_000 })).rejects.toMatchObject({ code });
    await server.shutdown();
    const again = await serve(transport, { ...VALID, port: 4_000 });
    expect(again.address).toEqual({ hostname: "127.0.0.1", port: 4_000 });
    await again.shutdown();
  });
});

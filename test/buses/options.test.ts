import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { runHere, runtime } from "../support/child.ts";
import { root } from "../support/tree.ts";
import { localBus, localBusHub, nats, redis, transport } from "./support/rooms.ts";

describe("the option", () => {
  it.each<[string, () => unknown, string]>([
    [
      "url of redis",
      () => redis({ url: "http://host" }),
      "url must be redis://host:port, or rediss://host:port for TLS",
    ],
    ["url of redis", () => redis({ url: 1 as never }), "url must be redis://host:port"],
    ["prefix of redis", () => redis({ url: "redis://host", prefix: "a:b" }), "prefix must be 1 to 64 letters"],
    [
      "maxPayloadBytes of redis",
      () => redis({ url: "redis://host", maxPayloadBytes: 1 }),
      "must be a whole number of at",
    ],
    ["urll of redis", () => redis({ urll: "redis://host" } as never), "unknown option urll; did you mean url?"],
    ["servers of nats", () => nats({ servers: [] }), "servers must be host:port or nats://host:port, or an array"],
    ["server of nats", () => nats({ server: "host" } as never), "unknown option server; did you mean servers?"],
    ["prefix of nats", () => nats({ servers: "host", prefix: "" }), "prefix must be 1 to 64 letters"],
    ["path of localBus", () => localBus({ path: "" }), "path must be the path of a hub"],
    ["port of localBus", () => localBus({ port: 1 } as never), "unknown option port"],
  ])("%s is refused when it makes no sense", (_, make, message) => {
    expect(make).toThrow(message);
  });

  it.each<[string, Partial<Parameters<typeof localBusHub>[0]>, string]>([
    ["transport", { transport: undefined as never }, "transport must be a transport, as of spillway"],
    ["maxQueuedBytes", { maxQueuedBytes: 1 }, "maxQueuedBytes must be a whole number of at least 1024, not 1"],
    ["maxPayloadBytes", { maxPayloadBytes: 1 }, "maxPayloadBytes must be a whole number of at least 1024, not 1"],
  ])("%s of localBusHub is refused when it makes no sense", async (_, options, message) => {
    await expect(localBusHub({ path: "/nowhere/bus.sock", transport, ...options })).rejects.toThrow(message);
  });
});

const MODULE = runtime === "node" ? "dist" : "src";
const EXTENSION = runtime === "node" ? "js" : "ts";

describe("a server without the package of its bus", () => {
  it.each([
    ["redis", 'redis({ url: "redis://127.0.0.1:1" })', "@redis/client"],
    ["nats", 'nats({ servers: "127.0.0.1:1" })', "@nats-io/transport-node"],
  ])("does not start, and says what to install: %s", (name, made, dependency) => {
    const folder = mkdtempSync(path.join(tmpdir(), "spillway-"));
    try {
      for (const room of ["core", "buses", "testing"]) {
        cpSync(path.join(root, MODULE, room), path.join(folder, "src", room), { recursive: true });
      }
      // Bun fetches packages by itself where there is no such folder.
      mkdirSync(path.join(folder, "node_modules"));
      writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(
        path.join(folder, "main.mjs"),
        `import { lines, serve } from "./src/core/mod.${EXTENSION}";
         import { ${name} } from "./src/buses/${name}/mod.${EXTENSION}";
         import { memoryTransport } from "./src/testing/mod.${EXTENSION}";
         const options = { port: 0, codec: lines(), handler: (line) => line, bus: ${made} };
         await serve(memoryTransport(), options).catch(({ code, message }) => console.log(code, message.split(":")[0]));`,
      );
      const { status, output } = runHere(path.join(folder, "main.mjs"));
      expect([status, output]).toEqual([0, `bus-unavailable the package ${dependency} does not load\n`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

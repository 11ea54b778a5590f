import { describe, expect, it } from "vitest";
import { serveOptions } from "../../src/cli/serve_options.ts";
import type { ServiceOptions } from "../../src/cli/service_module.ts";
import { lines, type ServerEvent } from "../../src/mod.ts";

const service: ServiceOptions = { codec: lines(), handler: (line) => line };
const log = () => undefined;

describe("serveOptions", () => {
  it("falls back to 127.0.0.1:8080, and to the core's limits", () => {
    expect(serveOptions(service, {}, log)).toEqual({ ...service, hostname: "127.0.0.1", port: 8080, observer: log });
  });

  it("lets a service say otherwise", () => {
    const own = { ...service, hostname: "::1", port: 9000, idleTimeoutMs: 1, backlog: 2 };
    expect(serveOptions(own, {}, log)).toEqual({ ...own, observer: log });
  });

  it("lets flags have the last word", () => {
    const own: ServiceOptions = {
      ...service,
      hostname: "::1",
      port: 9000,
      idleTimeoutMs: 1,
      frameTimeoutMs: 1,
      handlerTimeoutMs: 1,
      writeTimeoutMs: 1,
      handshakeTimeoutMs: 1,
      lifetimeMs: 1,
      drainTimeoutMs: 1,
      maxConnections: 1,
      concurrency: 1,
      maxConcurrentHandlers: 1,
    };
    const flags = {
      hostname: "0.0.0.0",
      port: 0,
      idleTimeout: 2,
      frameTimeout: 3,
      handlerTimeout: 4,
      writeTimeout: 5,
      lifetime: 6,
      drainTimeout: 7,
      maxConnections: 8,
      concurrency: 9,
      handshakeTimeout: 10,
      maxConcurrentHandlers: 11,
    };
    expect(serveOptions(own, flags, log)).toEqual({
      ...service,
      hostname: "0.0.0.0",
      port: 0,
      idleTimeoutMs: 2,
      frameTimeoutMs: 3,
      handlerTimeoutMs: 4,
      writeTimeoutMs: 5,
      lifetimeMs: 6,
      drainTimeoutMs: 7,
      maxConnections: 8,
      concurrency: 9,
      handshakeTimeoutMs: 10,
      maxConcurrentHandlers: 11,
      observer: log,
    });
  });

  it("shows events to the log first, then to the service's own observer", () => {
    const seen: string[] = [];
    const event: ServerEvent = { type: "draining", connections: 1 };
    const own = { ...service, observer: () => seen.push("service") };
    serveOptions(own, {}, () => seen.push("log")).observer(event);
    expect(seen).toEqual(["log", "service"]);
  });
});

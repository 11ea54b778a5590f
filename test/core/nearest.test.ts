import { describe, expect, it } from "vitest";
import { nearest } from "../../src/core/options/nearest.ts";

const NAMES = ["hostname", "port", "idleTimeoutMs", "frameTimeoutMs", "lifetimeMs", "concurrency"];

describe("nearest", () => {
  it.each([
    ["prot", "port"],
    ["Port", "port"],
    ["host", "hostname"],
    ["hostnames", "hostname"],
    ["idleTimeout", "idleTimeoutMs"],
    ["idletimeoutms", "idleTimeoutMs"],
    ["concurency", "concurrency"],
    ["listeningPort", "port"],
  ])("takes %j for %j", (given, name) => {
    expect(nearest(given, NAMES)).toBe(name);
  });

  it.each(["", "x", "po", "bananas", "timeout"])("knows nothing near %j", (given) => {
    expect(nearest(given, NAMES)).toBeUndefined();
  });

  it.each([
    ["handshakeTimeoutMs", "authenticationTimeoutMs"],
    ["--handshake-timeout", "--authentication-timeout"],
    ["SPILLWAY_HANDSHAKE_TIMEOUT", "SPILLWAY_AUTHENTICATION_TIMEOUT"],
    ["onMaxConnections", "beyondMaxConnections"],
    ["onSlowConsumer", "slowConsumer"],
    ["--on-invalid-frame", "--invalid-frame"],
  ])("knows that %s is called %s now", (given, name) => {
    expect(nearest(given, [given.replace(/hands?hake|on/i, "handler"), "maxConnections", name])).toBe(name);
  });

  it("prefers the name that differs least", () => {
    expect(nearest("--max-connection", ["--max-concurrent-handlers", "--max-connections"])).toBe("--max-connections");
    expect(nearest("--max", ["--max-outbound-bytes", "--max-frames"])).toBe("--max-frames");
  });

  it("takes a name of two letters for what ends with it, and prefers one that differs less", () => {
    expect(nearest("timeoutMs", ["ms", "reply"])).toBe("ms");
    expect(nearest("timeoutMs", ["ms", "timeout"])).toBe("timeout");
  });

  it("prefers a name that begins like it", () => {
    expect(nearest("--host", ["--port", "--hostname"])).toBe("--hostname");
  });
});

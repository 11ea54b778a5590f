// Errors that real sockets cannot be made to report on every machine: the tables, as they are written.
import process from "node:process";
import { describe, expect, it } from "vitest";
import * as bun from "../../src/adapters/bun/errors.ts";
import * as deno from "../../src/adapters/deno/errors.ts";
import * as node from "../../src/adapters/node/errors.ts";
import type { ConnectOptions, SpillwayError } from "../../src/core/mod.ts";

type Cause = Error & { code?: string };
type Mapping = readonly [how: (cause: Error) => SpillwayError, expected: Readonly<Record<string, string>>];

const TO: ConnectOptions = { hostname: "192.0.2.1", port: 7 };

const coded = (code: string): Cause => Object.assign(new Error("it failed"), { code });
/** As Deno's classes: told apart by their names. */
const named = (name: string): Cause => Object.assign(new Error("it failed"), { name });

const LISTEN = {
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  EIO: "listen-failed",
};
const CONNECT = {
  ECONNREFUSED: "connection-refused",
  // At a path.
  ENOENT: "connection-refused",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  ETIMEDOUT: "connection-timed-out",
  EINVAL: "connect-failed",
};
const CONNECTION = {
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-reset",
  EIO: "connection-failed",
};
const NO_NAME = { ENOTFOUND: "host-not-found", EAI_AGAIN: "host-not-found" };
const OUT = {
  EMFILE: "out-of-descriptors",
  ENFILE: "out-of-descriptors",
  ENOBUFS: "out-of-descriptors",
  ENOMEM: "out-of-descriptors",
};

const BY_CODE: Readonly<Record<string, Mapping>> = {
  "node listening": [
    node.listenError,
    { ...LISTEN, ...NO_NAME, EINVAL: "deno" in process.versions ? "address-not-available" : "listen-failed" },
  ],
  "node accepting": [
    node.acceptError,
    { ...OUT, ECONNABORTED: "connection-aborted", ECONNRESET: "connection-aborted", EINVAL: "accept-failed" },
  ],
  "node connecting": [
    (cause) => node.connectError(cause, TO),
    { ...CONNECT, ...NO_NAME, EADDRNOTAVAIL: "address-not-available" },
  ],
  "node connected": [node.connectionError, CONNECTION],
  "deno listening": [deno.listenError, LISTEN],
  "deno accepting": [deno.acceptError, { ...OUT, ECONNRESET: "connection-aborted" }],
  "deno connecting": [(cause) => deno.connectError(cause, TO), CONNECT],
  "deno connected": [deno.connectionError, { ...CONNECTION, ENOTCONN: "connection-reset" }],
  "bun listening": [bun.listenError, LISTEN],
  "bun connecting": [
    (cause) => bun.connectError(cause, TO),
    { ...CONNECT, ...NO_NAME, DNS_ENOTFOUND: "host-not-found", DNS_ENODATA: "host-not-found" },
  ],
  "bun connected": [bun.connectionError, CONNECTION],
};

const BY_NAME: Readonly<Record<string, Mapping>> = {
  "deno listening": [
    deno.listenError,
    {
      AddrInUse: "address-in-use",
      AddrNotAvailable: "address-not-available",
      PermissionDenied: "permission-denied",
      NotCapable: "permission-denied",
      InvalidData: "listen-failed",
      Error: "host-not-found",
    },
  ],
  "deno accepting": [
    deno.acceptError,
    {
      BadResource: "listener-closed",
      Interrupted: "listener-closed",
      NotCapable: "accept-failed",
      ConnectionReset: "connection-aborted",
    },
  ],
  "deno connecting": [
    (cause) => deno.connectError(cause, TO),
    {
      ConnectionRefused: "connection-refused",
      NotFound: "connection-refused",
      PermissionDenied: "permission-denied",
      NotCapable: "permission-denied",
      TimedOut: "connection-timed-out",
      InvalidData: "connect-failed",
      Error: "host-not-found",
    },
  ],
  "deno connected": [
    deno.connectionError,
    {
      ConnectionReset: "connection-reset",
      BrokenPipe: "connection-reset",
      NotConnected: "connection-reset",
      ConnectionAborted: "connection-reset",
      InvalidData: "connection-failed",
    },
  ],
};

describe("an adapter's errors", () => {
  it.each(Object.entries(BY_CODE))("when %s follow the native code", (_when, [how, expected]) => {
    for (const [code, ours] of Object.entries(expected)) expect([code, how(coded(code)).code]).toEqual([code, ours]);
  });

  it.each(Object.entries(BY_NAME))("when %s follow the class where there is no code", (_when, [how, expected]) => {
    for (const [name, ours] of Object.entries(expected)) expect([name, how(named(name)).code]).toEqual([name, ours]);
  });

  it.each(Object.entries(BY_CODE))("when %s keep the native one, and its words", (_when, [how]) => {
    const cause = coded("EINVAL");
    expect(how(cause)).toMatchObject({ cause, message: expect.stringContaining("it failed") });
  });

  it.each([
    ["node", node],
    ["deno", deno],
    ["bun", bun],
  ])("on %s say where a connection could not be made to, and whether that was wanted", (_runtime, { connectError }) => {
    expect(connectError(coded("EINVAL"), TO).message).toBe("cannot connect to 192.0.2.1:7: it failed");
    const path = "/run/echo\n.sock";
    expect(connectError(coded("ENOENT"), { path }).message).toBe("cannot connect to unix:/run/echo\\n.sock: it failed");
    const aborted = connectError(coded("ECONNREFUSED"), { ...TO, signal: AbortSignal.abort() });
    expect(aborted.code).toBe("connect-aborted");
  });

  it.each([
    ["node", node],
    ["bun", bun],
  ])("on %s name the descriptor that was to be listened on", (_runtime, { listenError }) => {
    const error = listenError(Object.assign(new Error("it failed"), { code: "EINVAL" }), 3);
    expect(error).toMatchObject({ code: "listen-failed" });
    expect(error.message).toBe("cannot listen: descriptor 3 is no bound stream socket: it failed");
  });

  it("tell a name that does not resolve by the text where the runtime says it in no other way", () => {
    for (const how of [bun.listenError, (cause: Error) => bun.connectError(cause, TO)]) {
      expect(how(new Error("Failed to listen")).code).toBe("host-not-found");
      expect(how(Object.assign(new Error("getaddrinfo failed"), { code: "EOTHER" })).code).toBe("host-not-found");
    }
    for (const how of [deno.listenError, (cause: Error) => deno.connectError(cause, TO)]) {
      expect(how(new TypeError("the name is empty")).code).toBe("host-not-found");
      expect(how(new URIError("not a name")).code).toBe("host-not-found");
      expect(how(Object.assign(new TypeError("a fault of ours"), { code: "EOTHER" })).code).not.toBe("host-not-found");
    }
  });
});

/**
 * Spillway on Bun, over Bun's own API.
 *
 * @module
 */
import { type Runtime, runtimeOf, type Transport } from "../../core/mod.ts";
import { afterIo } from "./after_io.ts";
import { connect as connectNative } from "./connect.ts";
import { hold } from "./hold.ts";
import { listen } from "./listen.ts";
import { version } from "./native.ts";
import { signals } from "./signals.ts";

export * from "../../core/api.ts";

/** TCP on Bun. */
export const transport: Transport = {
  get name() {
    return `bun ${version()}`;
  },
  listen,
  hold,
  connect: connectNative,
  afterIo,
};

const runtime: Runtime = /* @__PURE__ */ runtimeOf(() => transport, signals);

/**
 * Listens, and serves every connection. Behaves as the core's `serve` does on any transport.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`
 */
export const serve: Runtime["serve"] = runtime.serve;

/**
 * Connects to a server, to send it requests. Behaves as the core's `connect` does on any transport.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`, `codec-failed`
 */
export const connect: Runtime["connect"] = runtime.connect;

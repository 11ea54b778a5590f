/**
 * Spillway on Bun, by its own API.
 *
 * @module
 */
import {
  type Client,
  type ClientOptions,
  connect as connectOn,
  type RuntimeServeOptions,
  type Server,
  serveWithSignals,
  type Transport,
} from "../../core/mod.ts";
import { afterIo } from "./after_io.ts";
import { connect as connectNative } from "./connect.ts";
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
  connect: connectNative,
  afterIo,
};

/**
 * Listens, and serves every connection. See the core's `serve`: the same, on any transport.
 *
 * @throws {TypeError | RangeError} for an option that makes no sense
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`
 */
export function serve<In, Out, State = unknown>(
  options: RuntimeServeOptions<In, Out, State>,
): Promise<Server<In, Out, State>> {
  return serveWithSignals(transport, options, signals());
}

/**
 * Connects to a server, to send it requests. See the core's `connect`: the same, on any transport.
 *
 * @throws {TypeError | RangeError} for an option that makes no sense
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`, `codec-failed`
 */
export function connect<In, Out>(options: ClientOptions<In, Out>): Promise<Client<In, Out>> {
  return connectOn(transport, options);
}

import { checkBoolean, checkNumber, checkWhole } from "../options/limits.ts";
import { checkOptions } from "../options/option_names.ts";
import type { Address, ConnectOptions, ListenOptions } from "./transport.ts";
import { checkUnixPath, isAbstract, PLACING_BYTES } from "./unix_path.ts";

const TCP = { hostname: true, port: true, ipv6Only: true, reusePort: true, keepAliveMs: true, noDelay: true } as const;
const PATH = { path: true, mode: true } as const;
const DESCRIPTOR = { fd: true, turns: true, keepAliveMs: true, noDelay: true } as const;
const TCP_CONNECT = { hostname: true, port: true, localAddress: true, keepAliveMs: true, noDelay: true } as const;
const PATH_CONNECT = { path: true } as const;

const ANY = { backlog: true, detachable: true } as const;
const LISTEN = { ...TCP, ...PATH, ...DESCRIPTOR, ...ANY } as const;
const CONNECT = { ...TCP_CONNECT, ...PATH_CONNECT, signal: true } as const;

/**
 * Checks the kind of a listener, and a path, mode and descriptor. `platform` is that of `node:process`. Hostnames, ports
 * and the backlog are left to the caller and the runtime.
 *
 * @throws {TypeError} an unknown option, options of different kinds together, a value of another type
 * @throws {RangeError} a path that is too long, a mode or descriptor that does not exist
 * @throws {SpillwayError} `runtime-unsupported`: the system has no such sockets
 */
export function checkListenOptions(options: ListenOptions, platform: string): void {
  checkOptions(options, LISTEN);
  const { fd, ipv6Only, mode, noDelay, path, reusePort } = options;
  for (const [name, value] of Object.entries({ ipv6Only, noDelay, reusePort })) {
    if (value !== undefined) checkBoolean(name, value);
  }
  if (path !== undefined) {
    expectKind(options, LISTEN, { ...PATH, ...ANY }, "path");
    checkUnixPath(path, platform, PLACING_BYTES);
    if (mode !== undefined) checkMode(mode, path);
  } else if (fd !== undefined) {
    expectKind(options, LISTEN, { ...DESCRIPTOR, ...ANY }, "fd");
    if (typeof fd !== "object" || fd === null) checkWhole("fd", fd, 0);
  } else {
    expectKind(options, LISTEN, { ...TCP, ...ANY }, "port");
  }
}

/** Checks the kind of a connection, and a path, as {@link checkListenOptions} does. */
export function checkConnectOptions(options: ConnectOptions, platform: string): void {
  checkOptions(options, CONNECT);
  if (options.noDelay !== undefined) checkBoolean("noDelay", options.noDelay);
  if (options.path === undefined) return;
  expectKind(options, CONNECT, { ...PATH_CONNECT, signal: true }, "path");
  checkUnixPath(options.path, platform);
}

/** Returns the option of accepted TCP connections that a listener at this address would ignore. */
export function ignoredOption(options: ListenOptions, { path }: Address): "keepAliveMs" | "noDelay" | undefined {
  if (path === undefined) return undefined;
  if (options.keepAliveMs !== undefined) return "keepAliveMs";
  return options.noDelay === undefined ? undefined : "noDelay";
}

function checkMode(mode: number, path: string): void {
  checkNumber("mode", mode);
  if (isAbstract(path)) throw new TypeError("an abstract socket has no mode: everybody on this machine may connect");
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new RangeError(`mode must be a whole number from 0 to 0o777, not ${mode}`);
  }
}

function expectKind(options: object, all: object, kind: object, by: string): void {
  for (const name of Object.keys(all)) {
    if (Object.hasOwn(kind, name) || (options as Record<string, unknown>)[name] === undefined) continue;
    throw new TypeError(`${name} and ${by} do not go together: they name or configure listeners of different kinds`);
  }
}

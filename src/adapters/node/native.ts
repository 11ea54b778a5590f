/** The part of Node that this adapter uses. */
import net from "node:net";
import { versions } from "node:process";

export { lookup } from "node:dns/promises";
export { type AddressInfo, connect, createServer, type Socket } from "node:net";

export const version = (): string => versions.node;

/** The version in numbers, major and minor. On Deno and Bun it is that of the Node which they are compatible with. */
export function versionNumbers(): [number, number] {
  const [major = 0, minor = 0] = versions.node.split(".").map(Number);
  return [major, minor];
}

/** Reports whose `node:net` it is. */
export const isDeno = (): boolean => "deno" in versions;
export const isBun = (): boolean => "bun" in versions;

/** A socket of libuv, or what stands for one on Deno. */
export interface NativeHandle {
  readonly fd?: number;
  /** Fills in what a TCP socket is bound to. Returns an error number. Absent on sockets of other kinds. */
  getsockname?(into: { address?: string; port?: number }): number;
  close(): void;
}

/** Binds a socket without listening, or opens a descriptor. Returns an error number, or throws. `node:cluster` is built on it. */
export function boundHandle(
  address: string | undefined,
  port: number | undefined,
  addressType: number | undefined,
  fd?: number,
  flags?: number,
): NativeHandle | number {
  const { _createServerHandle } = net as unknown as { _createServerHandle: typeof boundHandle };
  return _createServerHandle(address, port, addressType, fd, flags);
}

/** Returns the socket options that make Node probe a socket after `keepAliveMs` without input. */
export function keepAlive(keepAliveMs: number | undefined): { keepAlive?: true; keepAliveInitialDelay?: number } {
  return keepAliveMs === undefined ? {} : { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
}

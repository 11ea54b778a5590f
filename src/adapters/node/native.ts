/** The part of Node that this adapter uses. */
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

/** Returns the socket options that make Node probe a socket after `keepAliveMs` without input. */
export function keepAlive(keepAliveMs: number | undefined): { keepAlive?: true; keepAliveInitialDelay?: number } {
  return keepAliveMs === undefined ? {} : { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
}

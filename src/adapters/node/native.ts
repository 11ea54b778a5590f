/** The part of Node that this adapter uses. */
import { versions } from "node:process";

export { lookup } from "node:dns/promises";
export { type AddressInfo, connect, createServer, type Socket } from "node:net";

export const version = (): string => versions.node;

/** Returns the socket options that make Node probe a socket after `keepAliveMs` without input. */
export function keepAlive(keepAliveMs: number | undefined): { keepAlive?: true; keepAliveInitialDelay?: number } {
  return keepAliveMs === undefined ? {} : { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
}

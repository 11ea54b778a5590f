/** The part of Node that this adapter uses. */
import { versions } from "node:process";

export { connect, createServer, type Server, type Socket } from "node:net";

export const version = (): string => versions.node;

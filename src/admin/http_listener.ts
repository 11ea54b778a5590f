import * as files from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { type Address, type ErrorCode, listenAtPath, type Placed, SpillwayError } from "../core/mod.ts";
import { type AdminTarget, DEFAULT_HOSTNAME } from "./admin_target.ts";

const BACKLOG = 64;

const CODES: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  ENOTFOUND: "host-not-found",
  EAI_AGAIN: "host-not-found",
};

/** An HTTP server that listens. */
export interface HttpListener {
  readonly address: Address;
  /** Removes the socket from its path. Call it before the server closes. */
  readonly remove: () => void;
}

/** @throws {SpillwayError} it cannot listen there */
export async function listenHttp(server: Server, target: AdminTarget): Promise<HttpListener> {
  if ("path" in target) {
    const { path, mode } = target;
    const placed: Placed<Server> = await listenAtPath(path, mode, {
      files,
      listen: (inner) => bind(server, { path: inner }),
      connect: (to) => knock(to),
    });
    return { address: { path }, remove: placed.remove };
  }
  const { hostname = DEFAULT_HOSTNAME, port } = target;
  await bind(server, { host: hostname, port });
  const bound = server.address();
  if (bound === null || typeof bound === "string")
    throw new SpillwayError("listen-failed", "cannot listen: no address");
  return { address: { hostname: bound.address, port: bound.port }, remove: () => undefined };
}

function bind(server: Server, to: { path: string } | { host: string; port: number }): Promise<Server> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error & { code?: string }) => {
      const code = CODES[cause.code ?? ""] ?? "listen-failed";
      reject(new SpillwayError(code, `the admin endpoint cannot listen: ${cause.message}`, { cause }));
    };
    server.once("error", onError);
    server.listen({ ...to, backlog: BACKLOG }, () => {
      server.removeListener("error", onError);
      resolve(server);
    });
  });
}

/** Connects to a path, to see whether somebody listens there. */
function knock(path: string): Promise<{ abort(): void }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve({ abort: () => void socket.destroy() }));
    socket.once("error", (cause: Error & { code?: string }) => {
      const dead = cause.code === "ECONNREFUSED" || cause.code === "ENOENT";
      const code = dead ? "connection-refused" : "connect-failed";
      reject(new SpillwayError(code, `cannot connect to ${path}: ${cause.message}`, { cause }));
    });
  });
}

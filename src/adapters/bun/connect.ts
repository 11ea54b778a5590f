import {
  type Connection,
  type ConnectOptions,
  checkConnectOptions,
  connectByName,
  isBound,
  SpillwayError,
  type TcpConnectOptions,
} from "../../core/mod.ts";
import { type BunDriver, handlers, UNNAMED } from "./driver.ts";
import { connectError } from "./errors.ts";
import { connect as connectNatively, native } from "./native.ts";
import { existsSync, files, platform } from "./system.ts";
import { refuseLocalAddress } from "./unsupported.ts";

/** Connects with `Bun.connect`, but resolves names itself: Bun caches results for 30 s. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  checkConnectOptions(options, platform);
  refuseLocalAddress(options.localAddress);
  if (options.path !== undefined) return connectTo(options);
  return connectByName(options, { lookup: resolve, connect: connectTo });
}

async function resolve(options: TcpConnectOptions): Promise<string[]> {
  try {
    options.signal?.throwIfAborted();
    return (await native().dns.lookup(options.hostname)).map(({ address }) => address);
  } catch (cause) {
    throw connectError(cause as Error, options);
  }
}

/** Connects to a numeric address or a path. */
async function connectTo(options: ConnectOptions): Promise<Connection> {
  const { hostname, keepAliveMs, noDelay, path, port, signal } = options;
  let opened: BunDriver | undefined;
  const unix = path === undefined ? undefined : { localAddress: UNNAMED, remoteAddress: { path } };
  const socket = {
    ...handlers(
      (driver) => {
        opened = driver;
      },
      () => ({ keepAliveMs, noDelay, unix }),
    ),
    // Without this handler, Bun also prints the error.
    connectError: () => {},
  };
  try {
    signal?.throwIfAborted();
    const to = path === undefined ? { hostname, port } : { unix: path };
    await connectNatively({ ...to, allowHalfOpen: true, socket });
    signal?.throwIfAborted();
  } catch (cause) {
    opened?.connection.abort();
    const refused = (cause as { code?: string } | null)?.code === "ECONNREFUSED";
    if (refused && path !== undefined && isBusy(path)) throw busy(path, cause);
    throw connectError(cause as Error, options);
  }
  return (opened as BunDriver).connection;
}

/**
 * Reports whether a socket is bound to a path that refuses connections. Bun reports a full backlog, and a socket that
 * takes no streams, as it reports a path where nobody listens.
 */
function isBusy(path: string): boolean {
  try {
    return isBound(files.readFileSync("/proc/net/unix", "utf8"), path, existsSync);
  } catch {
    // Only Linux has the table, and elsewhere the kernel itself refuses when a backlog is full.
    return false;
  }
}

function busy(path: string, cause: unknown): SpillwayError {
  const message = `cannot connect to unix:${path}: the backlog of its server is full, or it takes no streams`;
  return new SpillwayError("connect-failed", message, { cause });
}

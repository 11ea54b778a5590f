import {
  type Connection,
  type ConnectOptions,
  checkConnectOptions,
  connectByName,
  isError,
  type TcpConnectOptions,
} from "../../core/mod.ts";
import { NodeDriver } from "./driver.ts";
import { connectError } from "./errors.ts";
import { connect as connectSocket, keepAlive, lookup } from "./native.ts";
import { platform } from "./system.ts";
import { refuseUnsupported } from "./unsupported.ts";

/**
 * Connects with `node:net`, but resolves names itself: Node would give each address of a name only 250 ms, and would not
 * report why all of them failed.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  checkConnectOptions(options, platform);
  refuseUnsupported(options);
  if (options.path !== undefined) return connectTo(options);
  return connectByName(options, { lookup: resolve, connect: connectTo });
}

async function resolve(options: TcpConnectOptions): Promise<string[]> {
  try {
    return (await lookup(options.hostname, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw connectError(cause as Error, options);
  }
}

/** Connects to a numeric address or a path. */
function connectTo(options: ConnectOptions): Promise<Connection> {
  const { hostname, keepAliveMs, localAddress, noDelay = true, path, port, signal } = options;
  const to =
    path === undefined
      ? {
          host: hostname,
          port,
          noDelay,
          ...(localAddress !== undefined && { localAddress }),
          ...keepAlive(keepAliveMs),
        }
      : { path };
  return new Promise((fulfil, reject) => {
    const socket = connectSocket({ ...to, allowHalfOpen: true });
    const onAbort = () => socket.destroy(isError(signal?.reason) ? signal.reason : new Error("aborted"));
    const onError = (cause: Error) => {
      signal?.removeEventListener("abort", onAbort);
      reject(connectError(cause, options));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      signal?.removeEventListener("abort", onAbort);
      socket.pause();
      const driver = path === undefined ? new NodeDriver(socket) : new NodeDriver(socket, { path: "" }, { path });
      fulfil(driver.connection);
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort);
  });
}

import { type Connection, type ConnectOptions, connectByName, isError } from "../../core/mod.ts";
import { NodeDriver } from "./driver.ts";
import { connectError } from "./errors.ts";
import { connect as connectSocket, keepAlive, lookup } from "./native.ts";

/**
 * Connects with `node:net`, but resolves names itself: Node would give each address of a name only 250 ms, and would not
 * report why all of them failed.
 */
export function connect(options: ConnectOptions): Promise<Connection> {
  return connectByName(options, { lookup: resolve, connect: connectTo });
}

async function resolve(options: ConnectOptions): Promise<string[]> {
  try {
    return (await lookup(options.hostname, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw connectError(cause as Error, options);
  }
}

/** Connects to a numeric address. */
function connectTo(options: ConnectOptions): Promise<Connection> {
  const { hostname, keepAliveMs, localAddress, port, signal } = options;
  return new Promise((fulfil, reject) => {
    const socket = connectSocket({
      host: hostname,
      port,
      ...(localAddress !== undefined && { localAddress }),
      allowHalfOpen: true,
      noDelay: true,
      ...keepAlive(keepAliveMs),
    });
    const onAbort = () => socket.destroy(isError(signal?.reason) ? signal.reason : new Error("aborted"));
    const onError = (cause: Error) => {
      signal?.removeEventListener("abort", onAbort);
      reject(connectError(cause, options));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      signal?.removeEventListener("abort", onAbort);
      socket.pause();
      fulfil(new NodeDriver(socket).connection);
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort);
  });
}

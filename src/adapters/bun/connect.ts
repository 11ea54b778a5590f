import { type Connection, type ConnectOptions, connectByName, SpillwayError } from "../../core/mod.ts";
import { type BunDriver, handlers } from "./driver.ts";
import { connectError } from "./errors.ts";
import { native } from "./native.ts";

/** Connects with `Bun.connect`, but resolves names itself: Bun caches results for 30 s. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  if (options.localAddress !== undefined) throw noLocalAddress();
  return connectByName(options, { lookup: resolve, connect: connectTo });
}

async function resolve(options: ConnectOptions): Promise<string[]> {
  try {
    options.signal?.throwIfAborted();
    return (await native().dns.lookup(options.hostname)).map(({ address }) => address);
  } catch (cause) {
    throw connectError(cause as Error, options);
  }
}

/** Connects to a numeric address. */
async function connectTo(options: ConnectOptions): Promise<Connection> {
  const { hostname, keepAliveMs, port, signal } = options;
  let opened: BunDriver | undefined;
  const socket = {
    ...handlers((driver) => {
      opened = driver;
    }, keepAliveMs),
    // Without this handler, Bun also prints the error.
    connectError: () => {},
  };
  try {
    signal?.throwIfAborted();
    await native().connect({ hostname, port, allowHalfOpen: true, socket });
    signal?.throwIfAborted();
  } catch (cause) {
    opened?.connection.abort();
    throw connectError(cause as Error, options);
  }
  return (opened as BunDriver).connection;
}

function noLocalAddress(): SpillwayError {
  return new SpillwayError("runtime-unsupported", "Bun cannot choose the local address of a connection");
}

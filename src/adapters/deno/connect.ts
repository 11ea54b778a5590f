import { type Connection, type ConnectOptions, SpillwayError } from "../../core/mod.ts";
import { DenoDriver } from "./driver.ts";
import { connectError, refuseKeepAlive } from "./errors.ts";
import { native } from "./native.ts";

/** Connects with `Deno.connect`, which resolves a name anew each time and tries its addresses beside each other. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { hostname, keepAliveMs, localAddress, port, signal } = options;
  refuseKeepAlive(keepAliveMs);
  if (localAddress !== undefined) {
    throw new SpillwayError("runtime-unsupported", "Deno cannot choose the local address of a connection");
  }
  try {
    const conn = await native().connect({ hostname, port, ...(signal && { signal }) });
    conn.setNoDelay(true);
    return new DenoDriver(conn).connection;
  } catch (cause) {
    throw connectError(cause as Error, options);
  }
}

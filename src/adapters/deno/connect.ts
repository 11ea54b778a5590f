import { type Connection, type ConnectOptions, checkConnectOptions } from "../../core/mod.ts";
import { DenoDriver, UNNAMED } from "./driver.ts";
import { connectError } from "./errors.ts";
import { native } from "./native.ts";
import { platform } from "./system.ts";
import { refuseLocalAddress, refuseUnsupported } from "./unsupported.ts";

/** Connects with `Deno.connect`, which resolves a name anew each time and tries its addresses beside each other. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  checkConnectOptions(options, platform);
  const { hostname, keepAliveMs, localAddress, noDelay = true, path, port, signal } = options;
  refuseUnsupported({ keepAliveMs });
  refuseLocalAddress(localAddress);
  try {
    if (path === undefined) {
      const conn = await native().connect({ hostname, port, ...(signal && { signal }) });
      conn.setNoDelay(noDelay);
      return new DenoDriver(conn).connection;
    }
    signal?.throwIfAborted();
    // A path answers at once: an abort meanwhile is seen afterwards.
    const conn = await native().connect({ transport: "unix", path });
    const { connection } = new DenoDriver(conn, UNNAMED, { path });
    if (signal?.aborted) connection.abort();
    signal?.throwIfAborted();
    return connection;
  } catch (cause) {
    throw connectError(cause as Error, options);
  }
}

import type { Connection, ConnectOptions } from "../../core/mod.ts";
import { DenoDriver } from "./driver.ts";
import { connectError, refuseKeepAlive } from "./errors.ts";
import { native } from "./native.ts";

/** Connects with `Deno.connect`. */
export async function connect({ hostname, port, signal, keepAliveMs }: ConnectOptions): Promise<Connection> {
  refuseKeepAlive(keepAliveMs);
  try {
    const conn = await native().connect({ hostname, port, ...(signal && { signal }) });
    conn.setNoDelay(true);
    return new DenoDriver(conn).connection;
  } catch (cause) {
    throw connectError(cause as Error, signal);
  }
}

import type { Connection, ConnectOptions } from "../../core/mod.ts";
import { type BunDriver, handlers } from "./driver.ts";
import { connectError } from "./errors.ts";
import { native } from "./native.ts";

/** Connects with `Bun.connect`. */
export async function connect({ hostname, port, signal, keepAliveMs }: ConnectOptions): Promise<Connection> {
  let opened: BunDriver | undefined;
  const socket = {
    ...handlers((driver) => {
      opened = driver;
    }, keepAliveMs),
    // Without it Bun prints the error besides rejecting.
    connectError: () => {},
  };
  try {
    signal?.throwIfAborted();
    await native().connect({ hostname, port, allowHalfOpen: true, socket });
    signal?.throwIfAborted();
  } catch (cause) {
    opened?.connection.abort();
    throw connectError(cause as Error, signal);
  }
  return (opened as BunDriver).connection;
}

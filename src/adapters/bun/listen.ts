import { AcceptQueue, type Listener, type ListenOptions, plainAddress, QueueListener } from "../../core/mod.ts";
import { handlers } from "./driver.ts";
import { listenError } from "./errors.ts";
import { native } from "./native.ts";

/** Listens with `Bun.listen`. Bun accepts by itself: connections that have not been taken wait, paused. Its backlog is fixed. */
export async function listen({ hostname, port, backlog, keepAliveMs }: ListenOptions): Promise<Listener> {
  const queue = new AcceptQueue(backlog);
  try {
    const socket = handlers((driver) => queue.push(driver.connection), keepAliveMs);
    const listener = native().listen({ hostname, port, allowHalfOpen: true, socket });
    const address = plainAddress({ hostname: listener.hostname, port: listener.port });
    return new QueueListener(address, queue, () => listener.stop());
  } catch (cause) {
    throw listenError(cause as Error);
  }
}

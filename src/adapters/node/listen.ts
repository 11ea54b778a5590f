import {
  AcceptQueue,
  type Listener,
  type ListenOptions,
  plainAddress,
  QueueListener,
  type TcpAddress,
} from "../../core/mod.ts";
import { NodeDriver } from "./driver.ts";
import { acceptError, listenError } from "./errors.ts";
import { type AddressInfo, createServer, keepAlive } from "./native.ts";

/** A listener on one of these addresses accepts at any local address. */
const EVERYWHERE = ["0.0.0.0", "::"];

/** Listens with `node:net`. Node accepts by itself: connections that have not been taken wait, paused. */
export function listen({ hostname, port, backlog, keepAliveMs }: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const queue = new AcceptQueue(backlog);
    let localAddress: TcpAddress | undefined;
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, ...keepAlive(keepAliveMs) };
    const server = createServer(options, (socket) => queue.push(new NodeDriver(socket, localAddress).connection));
    server.once("error", (cause) => reject(listenError(cause)));
    server.listen({ host: hostname, port, backlog }, () => {
      server.on("error", (cause) => queue.fail(acceptError(cause)));
      const { address, port: bound } = server.address() as AddressInfo;
      const at = plainAddress({ hostname: address, port: bound });
      if (!EVERYWHERE.includes(at.hostname)) localAddress = at;
      resolve(new QueueListener(at, queue, () => server.close()));
    });
  });
}

import {
  AcceptQueue,
  type Address,
  type BoundQueue,
  checkListenOptions,
  ignoredOption,
  type Listener,
  type ListenOptions,
  listenAtPath,
  pathOfDescriptor,
  plainAddress,
  QueueListener,
  SpillwayError,
} from "../../core/mod.ts";
import { connect } from "./connect.ts";
import { NodeDriver } from "./driver.ts";
import { acceptError, listenError } from "./errors.ts";
import { type AddressInfo, createServer, isDeno } from "./native.ts";
import { files, platform } from "./system.ts";
import { refuseUnsupported } from "./unsupported.ts";

/** A listener on one of these addresses accepts at any local address. */
const EVERYWHERE = ["0.0.0.0", "::"];

/** Listens with `node:net`. Node accepts by itself: connections that have not been taken wait, paused. */
export async function listen(options: ListenOptions): Promise<Listener> {
  checkListenOptions(options, platform);
  refuseUnsupported(options);
  const { fd, hostname, ipv6Only = false, mode, path, port, reusePort = false } = options;
  if (path !== undefined) {
    const placed = await listenAtPath(path, mode, {
      files,
      listen: (inner) => bind({ path: inner }, options, { path }),
      connect: (to, signal) => connect({ path: to, signal }),
    });
    return new QueueListener(placed.bound, placed.remove);
  }
  if (typeof fd === "object") return new QueueListener(await bind({ _handle: fd.handle }, options, fd.address));
  if (fd !== undefined) return new QueueListener(await bind({ fd }, options));
  return new QueueListener(await bind({ host: hostname, port, ipv6Only, ...(reusePort && { reusePort }) }, options));
}

/** A target that `node:net` listens on. */
type Target =
  | { readonly path: string }
  | { readonly fd: number }
  | { readonly _handle: object }
  | { readonly host: string; readonly port: number; readonly ipv6Only: boolean; readonly reusePort?: boolean };

/** Binds a server. `at` is the address that it shows; by default, the one that the system reports. */
function bind(to: Target, options: ListenOptions, at?: Address): Promise<BoundQueue> {
  const { backlog, keepAliveMs, noDelay = true, turns } = options;
  const fd = "fd" in to ? to.fd : undefined;
  return new Promise((resolve, reject) => {
    const close = () => void server.close();
    const finish = () => {
      close();
      queue.finish();
    };
    // Deno accepts ahead, and resets what it has not brought yet when a listener closes within the call that brings a connection.
    const finishInOrder = isDeno() ? () => void setImmediate(finish) : finish;
    const queue = new AcceptQueue(backlog, turns, finishInOrder);
    let localAddress: Address | undefined;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay }, (socket) => {
      // As an option of the server, Deno's node:net ignores it.
      if (keepAliveMs !== undefined) socket.setKeepAlive(true, keepAliveMs);
      queue.push(new NodeDriver(socket, localAddress).connection);
    });
    server.once("error", (cause) => reject(listenError(cause, fd)));
    // Node looks for the backlog of a handle only in the second place.
    server.listen({ ...to, backlog }, backlog, () => {
      server.on("error", (cause) => queue.fail(acceptError(cause)));
      const address = at ?? addressOf(server.address(), fd);
      const ignored = ignoredOption(options, address);
      if (ignored !== undefined) {
        server.close();
        return reject(new SpillwayError("listen-failed", `descriptor ${fd} is a Unix socket, which has no ${ignored}`));
      }
      if (address.path !== undefined || !EVERYWHERE.includes(address.hostname)) localAddress = address;
      resolve({ address, queue, finish: finishInOrder, close });
    });
  });
}

/** Node does not know the path of a Unix socket that it has not bound. */
function addressOf(native: AddressInfo | string | null, fd: number | undefined): Address {
  const { address = "", port = 0 } = typeof native === "object" && native !== null ? native : {};
  if (address !== "") return plainAddress({ hostname: address, port });
  return { path: pathOfDescriptor(fd as number, files) };
}

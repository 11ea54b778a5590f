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
import { handlers, type SocketSettings, UNNAMED } from "./driver.ts";
import { listenError } from "./errors.ts";
import { type ListenTarget, listen as listenNatively, type NativeListener } from "./native.ts";
import { files, platform } from "./system.ts";
import { descriptorOf } from "./unsupported.ts";

/** Listens with `Bun.listen`. Bun accepts by itself: connections that have not been taken wait, paused. Its backlog is fixed. */
export async function listen(options: ListenOptions): Promise<Listener> {
  checkListenOptions(options, platform);
  const { ipv6Only = false, mode, path, reusePort = false } = options;
  const fd = descriptorOf(options);
  if (path !== undefined) {
    const placed = await listenAtPath(path, mode, {
      files,
      listen: (inner) => bind({ unix: inner }, options, { path }),
      connect: (to, signal) => connect({ path: to, signal }),
    });
    return new QueueListener(placed.bound, placed.remove);
  }
  if (fd !== undefined) return new QueueListener(bind({ fd }, options));
  const port = { hostname: options.hostname as string, port: options.port as number, ipv6Only, reusePort };
  return new QueueListener(bind(port, options));
}

/** Binds a listener. `at` is the address that it shows; by default, what Bun says. */
function bind(to: ListenTarget, options: ListenOptions, at?: Address): BoundQueue {
  const { backlog, keepAliveMs, noDelay } = options;
  const fd = "fd" in to ? to.fd : undefined;
  const queue = new AcceptQueue(backlog);
  let settings: SocketSettings = { keepAliveMs, noDelay };
  const socket = handlers(
    (driver) => queue.push(driver.connection),
    () => settings,
  );
  let listener: NativeListener;
  try {
    listener = listenNatively({ ...to, allowHalfOpen: true, socket });
  } catch (cause) {
    throw listenError(cause as Error, fd);
  }
  const address = at ?? addressOf(listener, fd);
  const ignored = ignoredOption(options, address);
  if (ignored !== undefined) {
    listener.stop();
    throw new SpillwayError("listen-failed", `descriptor ${fd} is a Unix socket, which has no ${ignored}`);
  }
  if (address.path !== undefined) settings = { unix: { localAddress: address, remoteAddress: UNNAMED } };
  const close = () => listener.stop();
  const finish = () => {
    close();
    queue.finish();
  };
  return { address, queue, finish, close };
}

/** Bun knows neither the name nor the path of a descriptor; its `getsockname` knows the TCP address. */
function addressOf(listener: NativeListener, fd: number | undefined): Address {
  const { hostname, port } = listener;
  if (hostname !== undefined && port !== undefined) return plainAddress({ hostname, port });
  const name: { address?: string; port?: number } = {};
  listener.getsockname?.(name);
  if (name.address !== undefined) return plainAddress({ hostname: name.address, port: name.port ?? 0 });
  return { path: pathOfDescriptor(fd as number, files) };
}

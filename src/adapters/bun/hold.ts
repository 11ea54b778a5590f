import { Worker } from "node:worker_threads";
import {
  type Address,
  checkListenOptions,
  type HeldSocket,
  type ListenOptions,
  listenAtPath,
  pathOfDescriptor,
  plainAddress,
} from "../../core/mod.ts";
import { connect } from "./connect.ts";
import { listenError } from "./errors.ts";
import type { HoldingThread, ThreadMessage } from "./hold_thread.ts";
import type { ListenTarget } from "./native.ts";
import { files, platform } from "./system.ts";
import { descriptorOf } from "./unsupported.ts";

/** The thread's module, with the extension of this one: TypeScript in the sources, JavaScript in the build. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./hold_thread.ts" : "./hold_thread.js", import.meta.url);

/**
 * Listens with `Bun.listen` in a thread that is blocked from then on, so that it accepts nothing. Its descriptor is one of
 * the whole process.
 */
export async function hold(options: ListenOptions): Promise<HeldSocket> {
  checkListenOptions(options, platform);
  const { hostname, ipv6Only = false, path, port, reusePort = false } = options;
  const fd = descriptorOf(options);
  if (path !== undefined) {
    const placed = await listenAtPath(path, options.mode, {
      files,
      listen: (inner) => bound({ unix: inner }),
      connect: (to, signal) => connect({ path: to, signal }),
    });
    return held(placed.bound, { path }, placed.remove, placed.isInPlace);
  }
  if (fd !== undefined) {
    const native = await bound({ fd }, fd);
    return held({ fd, close: native.close }, native.address ?? { path: pathOfDescriptor(fd, files) });
  }
  const native = await bound({ hostname, port, ipv6Only, reusePort } as ListenTarget);
  return held(native, native.address as Address);
}

interface Bound {
  readonly fd: number;
  /** Of a TCP socket. */
  readonly address?: Address | undefined;
  readonly close: () => void;
}

function held({ fd, close }: Bound, address: Address, remove = () => {}, isInPlace = () => true): HeldSocket {
  return {
    address,
    fd,
    isInPlace,
    close() {
      remove();
      close();
    },
    release: close,
  };
}

function bound(to: ListenTarget, descriptor?: number): Promise<Bound> {
  const state = new SharedArrayBuffer(4);
  const workerData: HoldingThread = { to, state };
  const thread = new Worker(THREAD, { workerData });
  thread.unref();
  const close = () => {
    const released = new Int32Array(state);
    Atomics.store(released, 0, 1);
    Atomics.notify(released, 0);
  };
  return new Promise((resolve, reject) => {
    thread.once("error", (cause: Error) => reject(listenError(cause, descriptor)));
    thread.once("message", ({ error, fd, hostname, port }: ThreadMessage) => {
      if (error !== undefined) return reject(listenError(Object.assign(new Error(error.message), error), descriptor));
      const address = hostname === undefined ? undefined : plainAddress({ hostname, port: port as number });
      resolve({ fd: descriptor ?? (fd as number), address, close });
    });
  });
}

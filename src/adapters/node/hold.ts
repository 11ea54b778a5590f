import { isIPv6 } from "node:net";
import { constants } from "node:os";
import {
  type Address,
  checkListenOptions,
  type HeldSocket,
  type ListenOptions,
  listenAtPath,
  pathOfDescriptor,
  plainAddress,
  type TcpListenOptions,
} from "../../core/mod.ts";
import { connect } from "./connect.ts";
import { listenError } from "./errors.ts";
import { boundHandle, isBun, isDeno, lookup, type NativeHandle } from "./native.ts";
import { files, platform } from "./system.ts";
import { refuseUnsupported } from "./unsupported.ts";

/** The flags of libuv for a TCP socket. */
const IPV6_ONLY = 1;
const REUSE_PORT = 2;

/** Binds with `node:net`, and accepts nothing: the socket listens when another process listens on it. */
export async function hold(options: ListenOptions): Promise<HeldSocket> {
  checkListenOptions(options, platform);
  refuseUnsupported(options);
  const { fd, path } = options;
  if (path !== undefined) {
    const placed = await listenAtPath(path, options.mode, {
      files,
      listen: (inner) => bound({ path: inner }),
      connect: (to, signal) => connect({ path: to, signal }),
    });
    return held(placed.bound, { path }, placed.remove, placed.isInPlace);
  }
  if (typeof fd === "object") return held(fd.handle as NativeHandle, fd.address);
  const native = fd === undefined ? await boundPort(options) : bound({ fd });
  return held(native, addressOf(native, fd));
}

function held(native: NativeHandle, address: Address, remove = () => {}, isInPlace = () => true): HeldSocket {
  const release = () => native.close();
  return {
    address,
    // Deno clears O_NONBLOCK of what a child inherits, for all who share it.
    ...(!isDeno() && { fd: native.fd as number }),
    ...((isDeno() || (!isBun() && address.path === undefined)) && { handle: native }),
    isInPlace,
    close() {
      remove();
      release();
    },
    release,
  };
}

async function boundPort({ hostname, ipv6Only, port, reusePort }: TcpListenOptions): Promise<NativeHandle> {
  let address: string;
  try {
    ({ address } = await lookup(hostname));
  } catch (cause) {
    throw listenError(cause as Error);
  }
  const flags = (ipv6Only === true ? IPV6_ONLY : 0) + (reusePort === true ? REUSE_PORT : 0);
  return bound({ address, port, flags });
}

/** A target that `node:net` binds. */
type Target =
  | { readonly path: string }
  | { readonly fd: number }
  | { readonly address: string; readonly port: number; readonly flags: number };

function bound(to: Target): NativeHandle {
  let handle: NativeHandle | number;
  try {
    if ("path" in to) handle = boundHandle(to.path, -1, -1);
    else if ("fd" in to) handle = boundHandle(undefined, undefined, undefined, to.fd);
    else handle = boundHandle(to.address, to.port, isIPv6(to.address) ? 6 : 4, undefined, to.flags);
  } catch (cause) {
    throw listenError(cause as Error, "fd" in to ? to.fd : undefined);
  }
  if (typeof handle === "number") throw errnoError(handle, "fd" in to ? to.fd : undefined);
  return handle;
}

function addressOf(handle: NativeHandle, fd: number | undefined): Address {
  const name: { address?: string; port?: number } = {};
  const failed = handle.getsockname?.(name) ?? 0;
  const { address = "", port = 0 } = name;
  // libuv tells only here, or when somebody listens, that the port is taken.
  if (failed !== 0 || (address !== "" && port === 0)) {
    handle.close();
    throw failed === 0
      ? listenError(Object.assign(new Error("the port is in use"), { code: "EADDRINUSE" }))
      : errnoError(failed);
  }
  if (address !== "") return plainAddress({ hostname: address, port });
  return { path: pathOfDescriptor(fd as number, files) };
}

function errnoError(errno: number, fd?: number): Error {
  // `node:util` has the names, too, but reads the environment on Bun when it is imported.
  const [code = `${errno}`] = Object.entries(constants.errno).find(([, value]) => value === -errno) ?? [];
  return listenError(Object.assign(new Error(`bind ${code}`), { code }), fd);
}

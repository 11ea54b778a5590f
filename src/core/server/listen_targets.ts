import { checkHostname, checkPort, keepAliveOf, type Limits } from "../options/limits.ts";
import { checkOptions } from "../options/option_names.ts";
import { checkEstablish, detaches, type EstablishStep } from "../transport/establish.ts";
import type { ListenOptions, TcpListenOptions, UnixListenOptions } from "../transport/transport.ts";

/** The options of accepted connections of a target. */
export interface AnyTarget {
  /** The steps of its connections. Default: those of the server. */
  readonly establish?: readonly EstablishStep[];
}

/** A TCP port to listen on. */
export interface TcpTarget extends AnyTarget, Pick<TcpListenOptions, "ipv6Only" | "reusePort" | "noDelay"> {
  /** The address to listen on. Default `127.0.0.1`, for this machine only. `0.0.0.0` and `::` are all addresses. */
  readonly hostname?: string;
  /** The port, 0 to 65535. With 0 the system chooses a port (see `server.address`). No default. */
  readonly port: number;
  readonly path?: undefined;
  readonly fd?: undefined;
}

/** A path to listen at: a Unix domain socket. */
export interface UnixTarget extends AnyTarget, Pick<UnixListenOptions, "path" | "mode"> {
  readonly port?: undefined;
  readonly fd?: undefined;
}

/** An inherited socket to listen on. */
export interface DescriptorTarget extends AnyTarget {
  /** The descriptor of a bound stream socket, TCP or Unix, which the server owns. */
  readonly fd: number;
  /** Whether small writes of accepted TCP connections are sent at once. Default: true. */
  readonly noDelay?: boolean;
  readonly port?: undefined;
  readonly path?: undefined;
}

/** A target that a server listens on: a port, a path, or an inherited descriptor. */
export type ListenTarget = TcpTarget | UnixTarget | DescriptorTarget;

/** The options of a server that say what it listens on. */
export interface TargetOptions extends AnyTarget, Omit<Partial<TcpTarget>, "path" | "fd" | "establish"> {
  /** The path to listen at, instead of a port: a Unix domain socket. Begins with NUL for an abstract socket. Default: none. */
  readonly path?: string;
  /** The permissions of the socket at `path`. Default `0o600`: only this user may connect. */
  readonly mode?: number;
  /** The inherited descriptor to listen on, instead of a port. Default: none. */
  readonly fd?: number;
  /**
   * Several targets at once: IPv4 and IPv6, plain and TLS, TCP and Unix. The server listens on all of them, or `serve`
   * rejects and it listens on none. Default: none.
   */
  readonly listen?: readonly ListenTarget[];
}

/** A checked target, with its steps. */
export interface ResolvedTarget {
  readonly options: ListenOptions;
  readonly steps: readonly EstablishStep[];
}

/** The largest C int: `listen` takes no larger backlog. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

const KINDS = { port: true, path: true, fd: true } as const;
const NAMES = { ...KINDS, hostname: true, mode: true, ipv6Only: true, reusePort: true, noDelay: true } as const;
const TARGET_OPTIONS = { ...NAMES, establish: true } as const;

/**
 * Returns what to listen on.
 *
 * @throws {TypeError | RangeError} no target, both a target and a list, or an option that makes no sense
 */
export function resolveTargets(given: TargetOptions, limits: Limits): readonly ResolvedTarget[] {
  const targets = targetsOf(given);
  if (limits.keepAliveMs !== Infinity && targets.every(({ path }) => path !== undefined)) {
    throw new TypeError("keepAliveMs is for TCP, and this server listens only at paths");
  }
  return targets.map((target) => {
    const { establish = given.establish ?? [], ...where } = target;
    const options = listenOptions(where, limits);
    return { options: detaches(establish) ? { ...options, detachable: true } : options, steps: establish };
  });
}

function targetsOf({ listen, ...given }: TargetOptions): readonly ListenTarget[] {
  const named = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => name in NAMES && value !== undefined),
  );
  if (listen === undefined) return [named as unknown as ListenTarget];
  const [name] = Object.keys(named);
  if (name !== undefined)
    throw new TypeError(`either listen or ${name}, not both: put ${name} into an entry of listen`);
  if (!Array.isArray(listen) || listen.length === 0)
    throw new TypeError("listen must be a list of at least one target");
  for (const target of listen as readonly ListenTarget[]) {
    if (typeof target !== "object" || target === null) throw new TypeError("each entry of listen must be an object");
    checkOptions(target, TARGET_OPTIONS);
    checkEstablish(target.establish);
  }
  return listen as readonly ListenTarget[];
}

/** The transport checks what goes together. */
function listenOptions(target: Omit<ListenTarget, "establish">, limits: Limits): ListenOptions {
  const backlog = Math.min(limits.backlog, LARGEST_BACKLOG);
  const { fd, path, port } = target;
  const kinds = Object.keys(KINDS).filter((name) => target[name as keyof typeof KINDS] !== undefined);
  if (kinds.length > 1)
    throw new TypeError(`${kinds.join(" and ")} are different things to listen on: use listen for both`);
  if (path !== undefined) return { ...target, backlog } as UnixListenOptions;
  if (fd !== undefined) return { ...target, fd, backlog, ...keepAliveOf(limits) } as ListenOptions;
  if (port === undefined) throw new TypeError("a server needs something to listen on: port, path, fd or listen");
  const hostname = checkHostname((target as TcpTarget).hostname ?? "127.0.0.1");
  return { ...target, hostname, port: checkPort(port), backlog, ...keepAliveOf(limits) } as TcpListenOptions;
}

import { allFailed } from "../errors/all_failed.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { checkHostname, checkPort, keepAliveOf, type ListenerLimits } from "../options/limits.ts";
import type { ConnectOptions, TcpAddress } from "../transport/transport.ts";

/** Where to connect, and how. */
export interface HostsSettings {
  readonly hosts: readonly TcpAddress[];
  readonly limits: Pick<ListenerLimits, "keepAliveMs">;
  readonly localAddress: string | undefined;
}

/** The servers that a client may connect to, one after the other. */
export class Hosts {
  readonly #hosts: readonly TcpAddress[];
  /** What is the same for all. */
  readonly #how: Pick<ConnectOptions, "keepAliveMs" | "localAddress">;
  #index = -1;

  constructor({ hosts, limits, localAddress }: HostsSettings) {
    this.#hosts = hosts;
    this.#how = { ...keepAliveOf(limits), ...(localAddress !== undefined && { localAddress }) };
  }

  /** How many there are. */
  get count(): number {
    return this.#hosts.length;
  }

  /** Calls `open` once for each, until it fulfils. @throws what the last call threw, when `isOver`; why all have failed */
  async tryEach(open: () => Promise<void>, isOver: () => boolean): Promise<void> {
    const errors: SpillwayError[] = [];
    while (errors.length < this.count) {
      try {
        return await open();
      } catch (error) {
        if (isOver()) throw error;
        errors.push(error as SpillwayError);
      }
    }
    throw allFailed(`cannot connect to any of ${this.count} hosts`, errors);
  }

  /** The one that comes behind the last; behind the last of all the first. */
  next(): ConnectOptions {
    this.#index = (this.#index + 1) % this.#hosts.length;
    return { ...(this.#hosts[this.#index] as TcpAddress), ...this.#how };
  }
}

/** Which addresses are meant. */
export interface HostOptions {
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
  readonly hosts?: readonly TcpAddress[] | undefined;
}

/** @throws {TypeError | RangeError} a port and a list, or neither; no address */
export function resolveHosts({ hostname, hosts, port }: HostOptions): readonly TcpAddress[] {
  if (hosts === undefined) return [checkHost(hostname ?? "127.0.0.1", port as number)];
  if (hostname !== undefined || port !== undefined) throw new TypeError("either hosts or hostname and port, not both");
  if (!Array.isArray(hosts) || hosts.length === 0) throw new TypeError("hosts must be a list of at least one address");
  return (hosts as readonly TcpAddress[]).map((host) => checkHost(host?.hostname, host?.port));
}

function checkHost(hostname: string, port: number): TcpAddress {
  checkHostname(hostname);
  if (checkPort(port) === 0) throw new RangeError("port must be a whole number from 1 to 65535, not 0");
  return { hostname, port };
}

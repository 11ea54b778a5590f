/** One end of a TCP connection. */
export interface TcpAddress {
  /**
   * A numeric address: `127.0.0.1`, `::1`, `fe80::1%eth0`. An IPv4 peer of a listener on `::` has its plain IPv4
   * address, never `::ffff:127.0.0.1`. The address of a listener on Bun is the given name. Empty when the connection
   * was reset before it was accepted, because the kernel has forgotten the address.
   */
  readonly hostname: string;
  /** 1 to 65535; 0 when the hostname is empty. */
  readonly port: number;
  readonly path?: undefined;
}

/** One end of a connection through a Unix domain socket. */
export interface UnixAddress {
  /**
   * The path of the socket. Begins with NUL for an abstract socket. Empty for a socket without a name, which is that of
   * most clients.
   */
  readonly path: string;
  readonly hostname?: undefined;
  readonly port?: undefined;
}

/**
 * One end of a connection. It is a {@link TcpAddress} if `address.path === undefined`. Of the transports of this version
 * only that of streams returns a {@link UnixAddress}.
 */
export type Address = TcpAddress | UnixAddress;

import { checkHostname, checkPort } from "./limits.ts";
import type { Connection, ConnectOptions, Transport } from "./transport.ts";

/**
 * Connects over a transport.
 *
 * @throws {TypeError | RangeError} for a hostname or port that makes no sense
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`
 */
export async function connect(transport: Transport, options: ConnectOptions): Promise<Connection> {
  checkHostname(options.hostname);
  if (checkPort(options.port) === 0) throw new RangeError("port must be a whole number from 1 to 65535, not 0");
  return transport.connect(options);
}

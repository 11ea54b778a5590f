import type { Transport } from "../transport/transport.ts";
import { Client } from "./client.ts";
import { type ClientOptions, resolveClient } from "./client_options.ts";

/**
 * Connects to a server over a transport, to send it requests and get what it pushes.
 *
 * Fulfils when the connection is made, and `onConnect` is done. The first attempt is the only one, even with `reconnect` (of several
 * hosts, one at each): what is wrong with the address shows at once.
 *
 * @throws {TypeError | RangeError} at once, for an option that makes no sense
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`, `codec-failed`;
 * `handler-failed` when `onConnect` threw (its error is the `cause`), `authentication-timeout` when it took too long, or the reason for which the
 * connection ended before it was done
 */
export async function connect<In, Out>(
  transport: Transport,
  options: ClientOptions<In, Out>,
): Promise<Client<In, Out>> {
  const settings = resolveClient(options);
  return new Promise((resolve, reject) => {
    const client: Client<In, Out> = new Client(transport, settings, options.observer, (error) => {
      if (error === undefined) resolve(client);
      else reject(error);
    });
  });
}

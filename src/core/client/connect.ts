import { listOf } from "../session/event_sink.ts";
import type { Transport } from "../transport/transport.ts";
import { Client } from "./client.ts";
import { type ClientOptions, resolveClient } from "./client_options.ts";

/**
 * Connects to a server over a transport, to send requests and receive pushes.
 *
 * Fulfils when the connection is made and `onConnect` has finished. The first attempt is not repeated, even with `reconnect`, so that a
 * wrong address shows at once. If there are several hosts, each is tried once.
 *
 * @throws {TypeError | RangeError} at once, for an invalid option
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`, `codec-failed`;
 * `handler-failed` when `onConnect` threw (its error is the `cause`), `authentication-timeout` when it took too long, or the close reason if the
 * connection ended before `onConnect` had finished
 */
export async function connect<In, Out>(
  transport: Transport,
  options: ClientOptions<In, Out>,
): Promise<Client<In, Out>> {
  const settings = resolveClient(options);
  return new Promise((resolve, reject) => {
    const client: Client<In, Out> = new Client(transport, settings, listOf(options.observer), (error) => {
      if (error === undefined) resolve(client);
      else reject(error);
    });
  });
}

import { checkHostname, checkPort, keepAliveOf, resolveLimits } from "../options/limits.ts";
import { checkOptions } from "../options/option_names.ts";
import type { Transport } from "../transport/transport.ts";
import { Server } from "./server.ts";
import { checkService, SERVE_OPTIONS, type ServeOptions } from "./service.ts";

/** What `listen` takes: a C int. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

/**
 * Listens on a transport and serves every connection.
 *
 * @throws {TypeError | RangeError} at once, for an option that makes no sense
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`
 */
export async function serve<In, Out, State = unknown>(
  transport: Transport,
  options: ServeOptions<In, Out, State>,
): Promise<Server<In, Out, State>> {
  checkOptions(options, SERVE_OPTIONS);
  return startServer(transport, options, () => undefined);
}

/** {@link serve}, and calls back when the server has drained. */
export async function startServer<In, Out, State>(
  transport: Transport,
  options: ServeOptions<In, Out, State>,
  onOver: () => void,
): Promise<Server<In, Out, State>> {
  const hostname = checkHostname(options.hostname ?? "127.0.0.1");
  const port = checkPort(options.port);
  const limits = resolveLimits(options);
  checkService(options);
  const backlog = Math.min(limits.backlog, LARGEST_BACKLOG);
  const listener = await transport.listen({ hostname, port, backlog, ...keepAliveOf(limits) });
  return new Server(transport, listener, limits, options, onOver);
}

import type { SpillwayError } from "../errors/errors.ts";
import { checkSignal } from "../options/abort_signal.ts";
import { checkHostname, checkPort, keepAliveOf, resolveLimits } from "../options/limits.ts";
import { checkOptions } from "../options/option_names.ts";
import type { Listener, ListenOptions, Transport } from "../transport/transport.ts";
import { Server } from "./server.ts";
import { checkService, SERVE_OPTIONS, type ServeOptions } from "./service.ts";

/** What `listen` takes: a C int. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

/**
 * Listens on a transport and serves every connection.
 *
 * @throws {TypeError | RangeError} at once, for an invalid option
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`
 * @throws the reason of `signal`, if it aborts before the server listens
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
  const { signal } = options;
  checkSignal(signal);
  const backlog = Math.min(limits.backlog, LARGEST_BACKLOG);
  const listener = await listen(transport, { hostname, port, backlog, ...keepAliveOf(limits) }, signal);
  const { establish: steps = [] } = options;
  return new Server(transport, [{ listener, steps }], limits, options, onOver);
}

/** Listens until the signal is aborted: then rejects at once, however long the transport takes, and closes what it gives. */
function listen(transport: Transport, options: ListenOptions, signal: AbortSignal | undefined): Promise<Listener> {
  if (signal === undefined) return transport.listen(options);
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    transport.listen(options).then(
      (listener) => {
        signal.removeEventListener("abort", onAbort);
        if (signal.aborted) listener.close();
        else resolve(listener);
      },
      (error: SpillwayError) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

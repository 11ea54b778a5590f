import { resolveBus } from "../bus/bus_options.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { checkSignal } from "../options/abort_signal.ts";
import { resolveLimits } from "../options/limits.ts";
import { checkOptions } from "../options/option_names.ts";
import type { Listener, ListenOptions, Transport } from "../transport/transport.ts";
import type { Bound } from "./acceptor.ts";
import { type ResolvedTarget, resolveTargets } from "./listen_targets.ts";
import { Server } from "./server.ts";
import { checkService, SERVE_OPTIONS, type ServeOptions } from "./service.ts";

/**
 * Listens on a transport and serves every connection.
 *
 * @throws {TypeError | RangeError} at once, for an invalid option
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`, `bus-unavailable`
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
  const limits = resolveLimits(options);
  checkService(options);
  checkSignal(options.signal);
  const targets = resolveTargets(options, limits);
  if (options.bus !== undefined) await resolveBus(options.bus).via.load?.();
  const listeners = await listenOnAll(transport, targets, options.signal);
  return new Server(transport, listeners, limits, options, onOver);
}

/** Listens on all targets, or closes the listeners that it has opened and rejects. */
async function listenOnAll(
  transport: Transport,
  targets: readonly ResolvedTarget[],
  signal: AbortSignal | undefined,
): Promise<readonly Bound[]> {
  const bound: Bound[] = [];
  try {
    for (const { options, steps } of targets) bound.push({ listener: await listen(transport, options, signal), steps });
    return bound;
  } catch (error) {
    for (const { listener } of bound) listener.close();
    throw error;
  }
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

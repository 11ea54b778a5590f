import type { ListenOptions } from "../mod.ts";
import type { Environment, Listening } from "./environment.ts";
import { nowhereTransport } from "./nowhere_transport.ts";

/**
 * Returns an environment in which `serve` does everything but listen: it drains at once when it would. `onListening` gets
 * that, and `onListen` each place.
 */
export function checkingEnvironment(
  environment: Environment,
  onListening: (listening: Listening) => void,
  onListen?: (options: ListenOptions) => void,
): Environment {
  const drains: (() => void)[] = [];
  return {
    ...environment,
    transport: nowhereTransport(environment.transport, onListen),
    dry: true,
    // That of a supervisor, which is not started.
    busHubPath: "bus",
    signals: {
      on(signal, listener) {
        if (signal === "SIGTERM") drains.push(listener);
      },
      off: () => undefined,
    },
    // A check is no start of the service.
    variables: { ...environment.variables, NOTIFY_SOCKET: undefined },
    onListening(listening) {
      onListening(listening);
      for (const drain of drains) drain();
    },
  };
}

import type { Client } from "./client/client.ts";
import type { ClientOptions } from "./client/client_options.ts";
import { connect } from "./client/connect.ts";
import { type RuntimeServeOptions, type SignalSource, serveWithSignals } from "./server/drain_signals.ts";
import type { Server } from "./server/server.ts";
import type { Transport } from "./transport/transport.ts";

/** `serve` and `connect` of an entry for one runtime, which supplies the transport. */
export interface Runtime {
  /** Listens, and serves every connection. */
  readonly serve: <In, Out, State = unknown>(
    options: RuntimeServeOptions<In, Out, State>,
  ) => Promise<Server<In, Out, State>>;
  /** Connects to a server as a client that sends requests. */
  readonly connect: <In, Out>(options: ClientOptions<In, Out>) => Promise<Client<In, Out>>;
}

/** Creates both functions from the transport and the source of signals of a runtime. Each is requested at a call. */
export function runtimeOf(transport: () => Transport | Promise<Transport>, signals: () => SignalSource): Runtime {
  return {
    serve: async (options) => serveWithSignals(await transport(), options, signals()),
    connect: async (options) => connect(await transport(), options),
  };
}

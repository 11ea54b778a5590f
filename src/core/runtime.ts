import type { Client } from "./client/client.ts";
import type { ClientOptions } from "./client/client_options.ts";
import { connect } from "./client/connect.ts";
import { type RuntimeServeOptions, type SignalSource, serveWithSignals } from "./server/drain_signals.ts";
import type { Server } from "./server/server.ts";
import type { Transport } from "./transport/transport.ts";

/** `serve` and `connect` of an entry that has a runtime: neither is told of a transport. */
export interface Runtime {
  /** Listens, and serves every connection. */
  readonly serve: <In, Out, State = unknown>(
    options: RuntimeServeOptions<In, Out, State>,
  ) => Promise<Server<In, Out, State>>;
  /** Connects to a server, to send it requests. */
  readonly connect: <In, Out>(options: ClientOptions<In, Out>) => Promise<Client<In, Out>>;
}

/** Makes them of the runtime's transport, and of what its signals come from. Both are asked for at a call. */
export function runtimeOf(transport: () => Transport | Promise<Transport>, signals: () => SignalSource): Runtime {
  return {
    serve: async (options) => serveWithSignals(await transport(), options, signals()),
    connect: async (options) => connect(await transport(), options),
  };
}

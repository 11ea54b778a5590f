import type { Observer } from "../core/mod.ts";
import { type AdminOptions, checkAdminOptions } from "./admin_options.ts";
import { EventStream } from "./event_stream.ts";
import { HttpEndpoint, type ListeningEndpoint } from "./http_endpoint.ts";
import { LoopDelay } from "./loop_delay.ts";
import { Routes } from "./routes.ts";
import { ServerWatch } from "./server_watch.ts";

/** An admin endpoint, created by {@link admin}. */
export interface Admin extends ListeningEndpoint {
  /**
   * Tells the endpoint what its server does: give it to `serve`, alone or among others. It is for one server at a time; one
   * that begins to listen later takes the place of the first.
   */
  readonly observer: Observer;
}

/**
 * Creates an HTTP endpoint that shows what a server does, and can close its connections and drain it: for probes, for
 * Prometheus, for `curl`, and with a dashboard at `/`. docs/admin.md lists its routes.
 *
 * - **Safe by default**: it listens on 127.0.0.1, and changes nothing without a `token`. Pages of other origins cannot use
 *   it, also not by DNS rebinding.
 * - **Bounded**: the number, size, rate and duration of its requests have limits. Long lists are made in slices of 2 ms, so
 *   they do not stop the server.
 *
 * @throws {TypeError | RangeError} an option that makes no sense
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { admin } from "spillway/admin";
 *
 * const endpoint = admin({ listen: { port: 0 } });
 * await endpoint.start();
 * const server = await serve({ port: 0, codec: lines(), handler: (line) => line, observer: [endpoint.observer] });
 *
 * const response = await fetch(`http://127.0.0.1:${endpoint.address.port}/readyz`);
 * console.log(await response.json()); // { status: "ready", phase: "serving" }
 *
 * await server.shutdown();
 * await endpoint.close();
 * ```
 */
export function admin(options: AdminOptions): Admin {
  const settings = checkAdminOptions(options);
  const watch = new ServerWatch();
  const events = new EventStream(settings.clock);
  const loopDelay = new LoopDelay(settings.clock);
  const { all } = new Routes(settings, watch, events, loopDelay);
  const observer: Observer = (event) => {
    watch.observe(event);
    events.observe(event);
  };
  return Object.assign(new HttpEndpoint(settings, all, events, loopDelay), { observer });
}

import process from "node:process";
import { ErrorLog, type LoggedEvent, type ServeOptions, type Server, serve } from "../core/mod.ts";
import { type Answering, WorkerLink } from "./worker_link.ts";

/** Options of {@link serveWorker}: those of `serve`. Without `port`, `path`, `fd` and `listen` it listens on all sockets. */
export interface ServeWorkerOptions<In = string, Out = In, State = unknown> extends ServeOptions<In, Out, State> {
  /** Answers the questions of the supervisor's `ask()`. Its result goes there as JSON. Default: nothing is answered. */
  readonly answering?: Answering;
}

/**
 * Serves in a process that {@link supervise} has started, on the sockets of its supervisor, and is ready from then on. The
 * supervisor lets the server drain; when it has drained, nothing of Spillway keeps the process alive.
 *
 * - Limits of a whole server, such as `maxConnections`, are those of the whole cluster: each worker has its part.
 * - SIGINT, which a terminal sends to all processes, is ignored; SIGTERM drains this worker, and another one takes its place.
 * - When the supervisor ends, the server drains.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `listen-failed`: this process is no worker, or the supervisor does not hold that place
 *
 * @example
 * ```ts ignore
 * import { lines } from "spillway";
 * import { serveWorker } from "spillway/cluster";
 *
 * await serveWorker({ codec: lines(), handler: (line) => line.toUpperCase() });
 * ```
 */
export async function serveWorker<In, Out, State>(
  options: ServeWorkerOptions<In, Out, State>,
): Promise<Server<In, Out, State>> {
  const { transport } = await import("../mod.ts");
  const link = await WorkerLink.join(process, transport);
  const server = await serveOnLink(link, options);
  for (const signal of ["SIGINT", "SIGHUP", "SIGQUIT"] as const) process.on(signal, () => undefined);
  process.on("SIGTERM", () => {
    // Another call would force the drain.
    if (!link.isDraining) void server.shutdown();
  });
  link.serving(server);
  return server;
}

/** Serves on the sockets of a worker's supervisor. The caller says when it is ready, with `link.serving`. */
export async function serveOnLink<In, Out, State>(
  link: WorkerLink,
  options: ServeWorkerOptions<In, Out, State>,
): Promise<Server<In, Out, State>> {
  const { answering, ...serveOptions } = options;
  link.answering = answering;
  const { sockets } = link.assignment;
  const errors = new ErrorLog();
  const observers =
    options.observer === undefined ? [(event: LoggedEvent) => errors.observe(event)] : [options.observer].flat();
  return serve(link.transport, {
    ...serveOptions,
    ...link.share(options),
    observer: [
      ...observers,
      ({ type }) => {
        if (type === "accepting-stopped" || type === "draining") link.draining();
      },
    ],
    ...(isPlaced(options) ? {} : { listen: sockets.map(({ target }) => target) }),
  });
}

function isPlaced(options: object): boolean {
  return ["port", "path", "fd", "listen"].some((name) => (options as Record<string, unknown>)[name] !== undefined);
}

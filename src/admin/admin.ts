import type { Address, Observer } from "../core/mod.ts";
import { type AdminOptions, type AdminSettings, checkAdminOptions } from "./admin_options.ts";
import { EventStream } from "./event_stream.ts";
import { Gate } from "./gate.ts";
import { HttpServer } from "./http_server.ts";
import { LoopDelay } from "./loop_delay.ts";
import { Routes } from "./routes.ts";
import { ServerWatch } from "./server_watch.ts";

/** An admin endpoint, created by {@link admin}. */
export interface Admin extends AsyncDisposable {
  /**
   * Tells the endpoint what its server does: give it to `serve`, alone or among others. It is for one server at a time; one
   * that begins to listen later takes the place of the first.
   */
  readonly observer: Observer;
  /**
   * The address that it listens on, with the actual port.
   *
   * @throws {TypeError} it does not listen: `start()` has not been called, or has not fulfilled
   */
  readonly address: Address;
  /**
   * Begins to listen. A second call returns the same promise.
   *
   * @throws {SpillwayError} `address-in-use`, `permission-denied`, `address-not-available`, `host-not-found`, `listen-failed`
   */
  start(): Promise<Address>;
  /** Stops listening, ends streams of events, and disconnects those who wait for an answer, after a second. */
  close(): Promise<void>;
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
  return new Endpoint(checkAdminOptions(options));
}

class Endpoint implements Admin {
  readonly observer: Observer;
  readonly #settings: AdminSettings;
  readonly #watch = new ServerWatch();
  readonly #events: EventStream;
  readonly #loopDelay: LoopDelay;
  readonly #http: HttpServer;
  #address: Address | undefined;
  #started: Promise<Address> | undefined;
  #closed: Promise<void> | undefined;

  constructor(settings: AdminSettings) {
    const { clock } = settings;
    this.#settings = settings;
    this.#events = new EventStream(clock);
    this.#loopDelay = new LoopDelay(clock);
    const routes = new Routes(settings, this.#watch, this.#events, this.#loopDelay);
    const gate = new Gate(settings, routes.all);
    this.#http = new HttpServer((request) => gate.answer(request), clock);
    this.observer = (event) => {
      this.#watch.observe(event);
      this.#events.observe(event);
    };
  }

  get address(): Address {
    if (this.#address !== undefined) return this.#address;
    throw new TypeError("the admin endpoint does not listen: await start() first");
  }

  start(): Promise<Address> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #listen(): Promise<Address> {
    if (this.#closed !== undefined) throw new TypeError("the admin endpoint is closed: create another one");
    this.#address = await this.#http.listen(this.#settings.target);
    this.#loopDelay.start();
    return this.#address;
  }

  async #end(): Promise<void> {
    try {
      await this.#started;
    } catch {
      // Whoever started it knows.
      return;
    }
    if (this.#started === undefined) return;
    this.#address = undefined;
    this.#loopDelay.stop();
    this.#events.close();
    await this.#http.close();
  }
}

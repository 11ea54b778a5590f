import type { Address } from "../core/mod.ts";
import type { AdminSettings } from "./admin_options.ts";
import type { EventStream } from "./event_stream.ts";
import { Gate } from "./gate.ts";
import { HttpServer } from "./http_server.ts";
import type { LoopDelay } from "./loop_delay.ts";
import type { Route } from "./route.ts";

/** Where an endpoint listens, and until when. */
export interface ListeningEndpoint extends AsyncDisposable {
  /**
   * The address that it listens on, with the actual port.
   *
   * @throws {TypeError} it does not listen: `start()` has not been called, or has not fulfilled
   */
  readonly address: Address;
  /**
   * Begins to listen. A second call returns the same promise, unless the first has failed.
   *
   * @throws {SpillwayError} `address-in-use`, `permission-denied`, `address-not-available`, `host-not-found`, `listen-failed`
   */
  start(): Promise<Address>;
  /** Stops listening, ends streams of events, and disconnects those who wait for an answer, after a second. */
  close(): Promise<void>;
}

/** Routes behind the gate, over HTTP. */
export class HttpEndpoint implements ListeningEndpoint {
  readonly #settings: AdminSettings;
  readonly #events: EventStream;
  readonly #loopDelay: LoopDelay;
  readonly #http: HttpServer;
  #address: Address | undefined;
  #started: Promise<Address> | undefined;
  #closed: Promise<void> | undefined;

  constructor(settings: AdminSettings, routes: readonly Route[], events: EventStream, loopDelay: LoopDelay) {
    this.#settings = settings;
    this.#events = events;
    this.#loopDelay = loopDelay;
    const gate = new Gate(settings, routes);
    this.#http = new HttpServer((request) => gate.answer(request), settings.clock);
  }

  get address(): Address {
    if (this.#address !== undefined) return this.#address;
    throw new TypeError("the admin endpoint does not listen: await start() first");
  }

  start(): Promise<Address> {
    this.#started ??= this.#listen().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
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
      // `start()` has told its caller.
      return;
    }
    if (this.#started === undefined) return;
    this.#address = undefined;
    this.#loopDelay.stop();
    this.#events.close();
    await this.#http.close();
  }
}

import type { NatsConnection } from "@nats-io/transport-node";
import { type Clock, describe } from "../../core/mod.ts";
import { type FleetError, fleetError } from "../errors.ts";
import { type NatsServer, natsAddress } from "./nats_server.ts";

/** The owner of a {@link NatsLink}. */
export interface NatsLinkOwner {
  /** The connection is there for the first time. */
  onConnected(connection: NatsConnection): void;
  onUp(address: string): void;
  /** It is lost, or was not made. The next attempt comes by itself. */
  onDown(address: string, error: FleetError, delayMs: number): void;
}

/** A hung broker is noticed after this time, times {@link MOST_PINGS}. */
const PING_MS = 2_000;
const MOST_PINGS = 2;
const RECONNECT_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const CONNECT_MS = 5_000;

/** A connection to NATS that is made again and again until it is closed. */
export class NatsLink {
  readonly #server: NatsServer;
  readonly #clock: Clock;
  readonly #owner: NatsLinkOwner;
  #connection: NatsConnection | undefined;
  #closed = false;
  #timer: unknown;
  #failures = 0;

  constructor(server: NatsServer, clock: Clock, owner: NatsLinkOwner) {
    this.#server = server;
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Whether an attempt to connect is under way. */
  trying = false;

  start(): void {
    void this.#connect();
  }

  /** Ends the connection. With `flush`, published messages are on their way first. */
  async close(flush: boolean): Promise<void> {
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    if (flush && this.up) await settled(connection.flush(), this.#clock);
    await connection.close();
  }

  up = false;

  async #connect(): Promise<void> {
    const { connection: options = {} } = this.#server;
    const { servers, ...given } = natsAddress(this.#server);
    const address = servers.join(",");
    this.trying = true;
    let connection: NatsConnection;
    try {
      const { connect } = await loadNats();
      connection = await connect({
        name: "spillway",
        timeout: CONNECT_MS,
        pingInterval: PING_MS,
        maxPingOut: MOST_PINGS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT_MS,
        // Refused credentials may be accepted later, like anything else that the broker refuses.
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
        ...given,
        ...options,
        servers: [...servers],
      });
    } catch (cause) {
      this.trying = false;
      if (!this.#closed) this.#onFailed(address, cause);
      return;
    }
    this.trying = false;
    if (this.#closed) return void connection.close();
    this.#connection = connection;
    void this.#watch(connection);
    this.#owner.onConnected(connection);
    this.up = true;
    this.#owner.onUp(connection.getServer());
  }

  #onFailed(address: string, cause: unknown): void {
    const delayMs = Math.min(LONGEST_PAUSE_MS, RECONNECT_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#timer = this.#clock.setTimeout(() => void this.#connect(), delayMs);
    const error = fleetError("no-workers", `the NATS server at ${address} is not reached: ${describe(cause)}`, cause);
    this.#owner.onDown(address, error, delayMs);
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (this.#closed) return;
      if (status.type === "disconnect" || (status.type === "close" && this.up)) this.#onLost(connection, status.type);
      else if (status.type === "reconnect") {
        this.up = true;
        this.#owner.onUp(connection.getServer());
      }
    }
    // The package gives up for few reasons only. Then this is the next one.
    if (!this.#closed) this.#onFailed(connection.getServer(), "the connection was given up");
  }

  #onLost(connection: NatsConnection, what: string): void {
    this.up = false;
    const address = connection.getServer();
    this.#owner.onDown(
      address,
      fleetError("worker-lost", `the NATS server ${address} is lost (${what})`),
      RECONNECT_MS,
    );
  }
}

/** The package, loaded on first use. @throws {FleetError} `fleet-unavailable` */
async function loadNats(): Promise<typeof import("@nats-io/transport-node")> {
  try {
    return await import("@nats-io/transport-node");
  } catch (cause) {
    const message = "the package @nats-io/transport-node does not load: npm install @nats-io/transport-node";
    throw fleetError("fleet-unavailable", message, cause);
  }
}

/** Fulfils when a promise has settled, or does not in good time. */
async function settled(promise: Promise<unknown>, clock: Clock): Promise<void> {
  let timer: unknown;
  const late = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, PING_MS);
  });
  await Promise.race([promise.catch(() => undefined), late]);
  clock.clearTimeout(timer);
}

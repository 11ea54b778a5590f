import { describe } from "../../core/mod.ts";
import { type FleetError, fleetError } from "../errors.ts";

/** Where the broker is, and how to speak to it. */
export interface RedisServer {
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS. Default: this machine. */
  readonly url?: string;
  /** Further options of the package's `createClient()`: credentials, TLS. Default: none. */
  readonly connection?: object;
}

/** The owner of a {@link RedisLink}. */
export interface RedisLinkOwner {
  onUp(address: string): void;
  /** It is lost, or was not made. The next attempt comes by itself. */
  onDown(address: string, error: FleetError, delayMs: number): void;
}

/** A part of a command. */
export type Part = string | Uint8Array;

/** The methods of the package's client that are used. Its own type depends on what is loaded. */
interface RedisClient {
  readonly isReady: boolean;
  on(event: string, listener: (error?: unknown) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
  close(): Promise<unknown>;
  sendCommand(parts: readonly (string | Buffer)[], options: object): Promise<unknown>;
}

/** A hung broker is noticed after this time. Every command that waits does so for less. */
const SILENCE_MS = 5_000;
const PING_MS = 1_000;
const CONNECT_MS = 5_000;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** The longest time for which a command waits inside Redis. */
export const BLOCK_MS = 1_000;

/** A connection to Redis that is made again and again until it is closed. While there is none, commands fail at once. */
export class RedisLink {
  readonly #server: RedisServer;
  readonly #owner: RedisLinkOwner;
  #client: RedisClient | undefined;
  #options: object = {};
  #closed = false;
  up = false;
  /** Whether an attempt to connect is under way. */
  trying = false;

  constructor(server: RedisServer, owner: RedisLinkOwner) {
    this.#server = server;
    this.#owner = owner;
  }

  get address(): string {
    return (this.#server.url ?? "redis://127.0.0.1:6379").replace(/\/\/[^@/]*@/, "//");
  }

  start(): void {
    this.trying = true;
    void this.#open();
  }

  /** Sends a command. @throws an error of the package; {@link isUnsent} says whether it was not sent */
  send(parts: readonly Part[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined || !this.up) return Promise.reject(new UnsentCommand());
    const all = parts.map((part) =>
      typeof part === "string" ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength),
    );
    return client.sendCommand(all, this.#options);
  }

  close(): void {
    this.#closed = true;
    this.up = false;
    this.#client?.destroy();
  }

  async #open(): Promise<void> {
    try {
      const { createClient, RESP_TYPES } = await loadRedis();
      // Binary as it is: a frame need not be text.
      this.#options = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };
      const { connection = {}, url } = this.#server;
      const client = createClient({
        RESP: 2,
        ...(url !== undefined && { url }),
        // A command that waits for a connection would be sent late, and resolve although nobody waits for it any more.
        disableOfflineQueue: true,
        pingInterval: PING_MS,
        ...connection,
        socket: {
          connectTimeout: CONNECT_MS,
          socketTimeout: SILENCE_MS,
          reconnectStrategy: (tries: number) => pauseMs(tries),
          ...(connection as { readonly socket?: object }).socket,
        },
      }) as unknown as RedisClient;
      if (this.#closed) return;
      this.#client = client;
      let tries = 0;
      client.on("ready", () => {
        tries = 0;
        this.trying = false;
        this.up = true;
        if (!this.#closed) this.#owner.onUp(this.address);
      });
      client.on("error", (cause) => this.#onError(cause, tries++));
      client.connect().catch(() => undefined);
    } catch (cause) {
      this.#onError(cause, 0);
    }
  }

  #onError(cause: unknown, tries: number): void {
    if (this.#closed) return;
    const was = this.up;
    this.up = false;
    this.trying = false;
    const message = `the Redis server at ${this.address} is ${was ? "lost" : "not reached"}: ${describe(cause)}`;
    this.#owner.onDown(this.address, fleetError(was ? "worker-lost" : "no-workers", message, cause), pauseMs(tries));
  }
}

/** A command that was not sent. */
class UnsentCommand extends Error {
  constructor() {
    super("Redis is not connected");
  }
}

/** Whether a command was provably not sent. */
export function isUnsent(error: unknown): boolean {
  return error instanceof UnsentCommand || (error instanceof Error && error.constructor.name === "ClientOfflineError");
}

/** Returns the text of a part of an answer. */
export function textOf(part: unknown): string {
  return part instanceof Uint8Array ? new TextDecoder().decode(part) : (part as string);
}

/** Returns the fields of an entry. */
export function fieldsOf(list: readonly unknown[]): Map<string, Uint8Array> {
  const fields = new Map<string, Uint8Array>();
  for (let at = 0; at + 1 < list.length; at += 2) fields.set(textOf(list[at]), list[at + 1] as Uint8Array);
  return fields;
}

function pauseMs(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** Math.min(tries, 10));
}

/** The package, loaded on first use. @throws {FleetError} `fleet-unavailable` */
async function loadRedis(): Promise<typeof import("@redis/client")> {
  try {
    return await import("@redis/client");
  } catch (cause) {
    throw fleetError("fleet-unavailable", "the package @redis/client does not load: npm install @redis/client", cause);
  }
}

/** Checks where the broker is. @throws {TypeError} no URL of a Redis server */
export function checkRedis({ connection, url }: RedisServer): void {
  if (url !== undefined && (typeof url !== "string" || !/^rediss?:\/\//.test(url))) {
    throw new TypeError("url must be that of a Redis server, such as redis://127.0.0.1:6379");
  }
  if (connection !== undefined && (typeof connection !== "object" || connection === null)) {
    throw new TypeError("connection must be an object with options of the package's createClient()");
  }
}

/** @throws {TypeError} not a name */
export function checkKey(name: string, value: unknown): void {
  if (typeof value !== "string" || value === "") throw new TypeError(`${name} must be a name that is not empty`);
}

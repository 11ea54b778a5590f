import { afterEach, expect } from "vitest";
import {
  type Client,
  type ClientBehaviour,
  type ClientEvent,
  type Connection,
  connect,
  type Listener,
  lines,
  SpillwayError,
} from "../../../../src/core/mod.ts";
import { type ManualClock, type MemoryTransport, manualClock, memoryTransport } from "../../../../src/testing/mod.ts";
import { listeners } from "../../../support/listeners.ts";
import { listenOnTcp } from "../../../support/tcp_listener.ts";
import { Peer, type PeerOptions } from "../../support/peer.ts";

/** How the rest of the world is. */
export interface WorldOptions extends PeerOptions {
  readonly maxLinkBytes?: number;
  /** Returns the output of the peer for each line. Left out: it sends nothing. */
  readonly answers?: (line: string) => string;
}

/** A client in memory, on a clock of its own, with everything that it reported; the test plays the server. */
export class Connected {
  readonly clock: ManualClock = manualClock();
  readonly events: ClientEvent[] = [];
  readonly transport: MemoryTransport;
  /** The other ends of all connections that were accepted, in order. */
  readonly peers: Peer[] = [];
  client!: Client<string, string>;
  /** The result of `connect`. */
  connecting!: Promise<Client<string, string>>;
  #listener: Listener | undefined;
  #silent = false;
  #address = { hostname: "127.0.0.1", port: 0 };

  constructor(maxLinkBytes: number) {
    this.transport = memoryTransport({ maxLinkBytes });
  }

  get address(): { readonly hostname: string; readonly port: number } {
    return this.#address;
  }

  /** The other end of the present connection. */
  get peer(): Peer {
    return this.peers.at(-1) as Peer;
  }

  of<Type extends ClientEvent["type"]>(type: Type): Extract<ClientEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<ClientEvent, { type: Type }> => event.type === type);
  }

  /** Waits for nothing but what can happen without time passing. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  /** The server is there (again, at the same address). */
  async listen(options: WorldOptions = {}): Promise<void> {
    const listener = await listenOnTcp(this.transport, this.#address);
    this.#listener = listener;
    this.#address = { ...listener.address };
    void this.#accept(listener, options);
    await this.settle();
  }

  /** Nobody listens any more; connections live on. */
  unlisten(): void {
    this.#listener?.close();
  }

  /** Ends what is left, and checks that then nothing is left. */
  async end(): Promise<void> {
    this.unlisten();
    this.client.abort();
    for (const peer of this.peers) peer.connection.abort();
    await this.settle();
    const { pendingRequests, waitingRequests, waitingPushes } = this.client.stats();
    expect({ pendingRequests, waitingRequests, waitingPushes }).toEqual({
      pendingRequests: 0,
      waitingRequests: 0,
      waitingPushes: 0,
    });
    expect(this.clock.pending).toBe(0);
    expect(this.of("client-closed")).toHaveLength(1);
    expect(this.of("connection-closed")).toHaveLength(this.of("connection-opened").length);
  }

  /** The peer answers nothing from now on. */
  silence(): void {
    this.#silent = true;
  }

  async #accept(listener: Listener, { answers, ...options }: WorldOptions): Promise<void> {
    for await (const connection of listener as AsyncIterable<Connection>) {
      const peer: Peer = new Peer(connection, this.clock, {
        ...options,
        onData: (chunk) => {
          if (answers === undefined || this.#silent) return;
          const asked = new TextDecoder().decode(chunk).split("\n").slice(0, -1);
          void peer.send(asked.map((line) => `${answers(line)}\n`).join(""));
        },
      });
      this.peers.push(peer);
    }
  }
}

const running: Connected[] = [];

afterEach(async () => {
  for (const harness of running.splice(0)) await harness.end();
});

/** Connects a client of lines, and ends it after the test. */
export async function connected(
  options: Partial<ClientBehaviour<string, string>> = {},
  world: WorldOptions = {},
): Promise<Connected> {
  const harness = await connecting(options, world);
  harness.client = await harness.connecting;
  running.push(harness);
  await harness.settle();
  return harness;
}

/** The same, as far as it comes by itself: `onConnect` may wait for the peer. */
export async function connecting(
  options: Partial<ClientBehaviour<string, string>> = {},
  { maxLinkBytes = 65_536, ...world }: WorldOptions = {},
): Promise<Connected> {
  const harness = new Connected(maxLinkBytes);
  await harness.listen(world);
  harness.connecting = connect<string, string>(harness.transport, {
    ...harness.address,
    codec: lines(),
    clock: harness.clock,
    ...options,
    observer: (event, client) => {
      harness.events.push(event);
      for (const own of [options.observer ?? []].flat()) own(event, client);
    },
  });
  harness.connecting.catch(() => undefined);
  await harness.settle();
  return harness;
}

/** Returns the outcome of a promise so far: `…`, its value, or the code or name of its error. */
export function outcome(promise: Promise<unknown>): () => unknown {
  let now: unknown = "…";
  promise.then(
    (value) => {
      now = value;
    },
    (error: unknown) => {
      now = error instanceof SpillwayError ? error.code : (error as Error).name;
    },
  );
  return () => now;
}

/** The pushes that an endless loop has taken so far, and how the loop ended. */
export function taken(client: Client<string, string>): { readonly frames: string[]; readonly end: () => unknown } {
  const frames: string[] = [];
  const loop = async () => {
    for await (const frame of client) frames.push(frame);
    return "done";
  };
  return { frames, end: outcome(loop()) };
}

/** A signal, and how many listen to it. */
export function countedSignal(): { controller: AbortController; signal: AbortSignal; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  return { controller, signal, listeners: listeners(signal) };
}

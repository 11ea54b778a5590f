import { afterEach, expect } from "vitest";
import {
  type ConnectionClosed,
  lines,
  type ServeOptions,
  type Server,
  type ServerEvent,
  serve,
  type Transport,
} from "../../../src/core/mod.ts";
import { type ManualClock, type MemoryTransport, manualClock, memoryTransport } from "../../../src/testing/mod.ts";
import { Peer, type PeerOptions } from "./peer.ts";

/** A server in memory, on a clock of its own, with everything that it reported. */
export class Served {
  readonly clock: ManualClock;
  readonly events: ServerEvent[] = [];
  readonly transport: MemoryTransport;
  server!: Server<string, string>;

  constructor(maxLinkBytes: number, clock: ManualClock) {
    this.clock = clock;
    this.transport = memoryTransport({ maxLinkBytes });
  }

  /** How the connections ended, in the order of their ends. */
  get closed(): ConnectionClosed[] {
    return this.events.filter((event) => event.type === "connection-closed");
  }

  get reasons(): string[] {
    return this.closed.map(({ reason }) => reason);
  }

  of<Type extends ServerEvent["type"]>(type: Type): Extract<ServerEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<ServerEvent, { type: Type }> => event.type === type);
  }

  async connect(options?: PeerOptions): Promise<Peer> {
    const connection = await this.transport.connect(this.server.address);
    const peer = new Peer(connection, this.clock, options);
    await this.clock.advance(0);
    return peer;
  }

  /** Waits for nothing but what can happen without time passing. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  /** Ends what is left, and checks that then nothing is left. */
  async end(): Promise<void> {
    const drained = this.server.shutdown({ timeoutMs: 1 });
    await this.clock.advance(1);
    await this.clock.advance(10_000);
    await drained;
    const { connections, observerErrors: _, refused, accepted, handlers, groups, ...rest } = this.server.stats();
    const { waitingInboundBytes, waitingOutboundBytes, establishing, establishFailed, ...traffic } = rest;
    expect({ establishing, establishFailed }).toEqual({
      establishing: 0,
      establishFailed: this.of("establish-failed").length,
    });
    expect({ connections, handlers, groups }).toEqual({ connections: 0, handlers: 0, groups: 0 });
    expect({ waitingInboundBytes, waitingOutboundBytes }).toEqual({ waitingInboundBytes: 0, waitingOutboundBytes: 0 });
    expect(this.clock.pending).toBe(0);
    const opened = this.of("connection-opened")
      .map(({ connection }) => connection.id)
      .toSorted((one, other) => one - other);
    expect(opened).toHaveLength(accepted + refused);
    expect(this.closed.map(({ connection }) => connection.id).toSorted((one, other) => one - other)).toEqual(opened);
    if (refused === 0) expect(sum(this.closed)).toEqual(traffic);
  }
}

const running: Served[] = [];

afterEach(async () => {
  for (const harness of running.splice(0)) await harness.end();
});

/** Serves lines (by default to a handler that turns them into capitals), and ends it after the test. A clock must be manual. */
export async function served(
  options: Partial<ServeOptions<string, string>> = {},
  maxLinkBytes: number = 65_536,
  around: (transport: Transport) => Transport = (transport) => transport,
): Promise<Served> {
  const harness = new Served(maxLinkBytes, (options.clock ?? manualClock()) as ManualClock);
  harness.server = await serve<string, string>(around(harness.transport), {
    port: 0,
    codec: lines(),
    handler: (line) => line.toUpperCase(),
    clock: harness.clock,
    ...options,
    observer: (event) => {
      harness.events.push(event);
      for (const own of [options.observer ?? []].flat()) own(event);
    },
  });
  running.push(harness);
  await harness.settle();
  return harness;
}

function sum(closed: readonly ConnectionClosed[]): Record<string, number> {
  const total = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, framesDropped: 0 };
  let bytesDiscarded = 0;
  for (const one of closed) {
    total.bytesIn += one.bytesIn;
    total.bytesOut += one.bytesOut;
    total.framesIn += one.framesIn;
    total.framesOut += one.framesOut;
    total.framesDropped += one.framesDropped;
    bytesDiscarded += one.bytesDiscarded ?? 0;
  }
  return bytesDiscarded === 0 ? total : { ...total, bytesDiscarded };
}

import { afterEach, it, vi } from "vitest";
import { serve as serveOn, type TcpAddress } from "../../../src/core/mod.ts";
import type { ServeOptions, Server, ServerEvent, Transport } from "../../../src/mod.ts";

/** A client of a server under test: not Spillway's own code where there is a network. */
export interface Client {
  /** The port of the client, as the server sees it. */
  readonly port: number;
  /** All bytes that arrived so far. */
  readonly receivedBytes: number;
  /** Bytes that were given to `send` and that the peer's system has not taken. */
  readonly unsent: number;
  /** How the connection ended, when it does. */
  readonly ended: Promise<"fin" | "reset">;
  send(data: string | Uint8Array): void;
  /** FIN: nothing more is sent. */
  finish(): void;
  /** RST. */
  reset(): void;
  /** Reads nothing from now on. */
  stall(): void;
  /** Reads again. */
  resume(): void;
  /** Fulfils with the received bytes as text, once `text` is in them. */
  until(text: string): Promise<string>;
  /** All that arrived, as text, once the connection has ended. */
  rest(): Promise<string>;
}

/** How a client behaves. */
export interface DialOptions {
  /** Does not answer FIN with FIN. */
  readonly halfOpen?: boolean;
  /** Does not read until `resume`. */
  readonly stalled?: boolean;
}

/** A platform that the suite runs on: a runtime joins with one of these. */
export interface Platform {
  readonly name: string;
  readonly transport: Transport;
  dial(address: TcpAddress, options?: DialOptions): Promise<Client>;
  /** Cases that this runtime is known to fail, each with the reason: such a case fails on the day it works. */
  readonly faults: Readonly<Record<string, string>>;
  /**
   * Cases whose expectations are met on this runtime or not, as the bytes happen to come. They must end in any case, with
   * a missed expectation or an error of a connection and nothing worse.
   */
  readonly unreliable?: { readonly cases: RegExp; readonly reason: string };
}

/** Transports that accept when they are asked. */
const ASKED = /^(deno |streams$)/;

/** Transports that cannot say whether a write that waits was refused or has not been tried. */
const UNSURE = /^(deno |streams$|tls )/;

/** Whether connections are accepted before the server asks for them. */
export function acceptsAhead({ transport }: Platform): boolean {
  return !ASKED.test(transport.name);
}

/** Whether a write that waits was refused. */
export function writesPromptly({ transport }: Platform): boolean {
  return !UNSURE.test(transport.name);
}

/** How much may wait to be sent: more for as long as a write may just not have been tried. */
export function mostThatWaits(platform: Platform, maxOutboundBytes: number): number {
  return writesPromptly(platform) ? maxOutboundBytes : maxOutboundBytes + 4_194_304;
}

/** A known fault may be that something never happens. */
const LONGEST_FAULT_MS = 2_000;

/** Runs a case that may miss its expectations. */
async function toleratingMisses(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { message, name } = error as Error;
    if (!["AssertionError", "SpillwayError"].includes(name) && !message.startsWith("still not so")) throw error;
  }
}

/** One test, or its opposite where the platform is known to be at fault. */
export function testOn(platform: Platform, name: string, run: () => Promise<void>): void {
  const fault = platform.faults[name];
  const { cases, reason } = platform.unreliable ?? {};
  if (cases?.test(name) === true) it(`${name} (unreliable here: ${reason})`, () => toleratingMisses(run));
  else if (fault === undefined) it(name, run);
  else it.fails(`${name} (known fault: ${fault})`, run, LONGEST_FAULT_MS);
}

/** A server under test, and what its observer saw. */
export interface Trial<In, Out, State = unknown> {
  readonly server: Server<In, Out, State>;
  readonly events: ServerEvent[];
  dial(options?: DialOptions): Promise<Client>;
  /** The event with which the `count`-th connection ended. */
  closed(count?: number): Promise<Extract<ServerEvent, { type: "connection-closed" }>>;
  /** Fulfils when the server has read so many bytes. */
  heard(bytes: number): Promise<void>;
}

const running = new Set<Server<never, never>>();

/** Starts a server that is gone after the test. */
export async function start<In, Out, State = unknown>(
  platform: Platform,
  options: Omit<ServeOptions<In, Out, State>, "port">,
): Promise<Trial<In, Out, State>> {
  const events: ServerEvent[] = [];
  const observer = (event: ServerEvent) => {
    events.push(event);
    for (const own of [options.observer ?? []].flat()) own(event);
  };
  const server = await serveOn(platform.transport, { ...options, observer, port: 0 });
  running.add(server as unknown as Server<never, never>);
  return {
    server,
    events,
    dial: (dialOptions) => platform.dial(server.address, dialOptions),
    closed: async (count = 1) => {
      const ends = () => events.filter((event) => event.type === "connection-closed");
      await eventually(() => ends().length >= count);
      return ends()[count - 1] as Extract<ServerEvent, { type: "connection-closed" }>;
    },
    heard: (bytes) => eventually(() => server.stats().bytesIn >= bytes),
  };
}

/** Call once in each file that starts servers. */
export function stopServersAfterEach(): void {
  afterEach(async () => {
    for (const server of running) {
      void server.shutdown();
      await server.shutdown();
    }
    running.clear();
  });
}

/** Waits for a condition that no event tells. */
export async function eventually(condition: () => boolean, interval = 2): Promise<void> {
  await vi.waitFor(
    () => {
      if (!condition()) throw new Error(`still not so: ${String(condition)}`);
    },
    { interval, timeout: 8_000 },
  );
}

/** A promise, and what settles it. */
export function gate<Value = void>(): { promise: Promise<Value>; open(value: Value): void } {
  let open!: (value: Value) => void;
  const promise = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

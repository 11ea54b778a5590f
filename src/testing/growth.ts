import { type Bytes, type Server, type Service, serve } from "../core/mod.ts";
import { Finding } from "./finding.ts";
import { type ManualClock, manualClock } from "./manual_clock.ts";
import { type MemoryTransport, memoryTransport } from "./memory_transport.ts";
import type { Stage } from "./play.ts";
import { type Random, seededRandom } from "./random.ts";
import type { RealWork } from "./real_work.ts";
import type { SampleFrame } from "./sample_frames.ts";
import { ServiceTap } from "./service_tap.ts";
import { simulatedNetwork } from "./simulated_network.ts";
import { tickEnd } from "./tick.ts";
import type { Traffic } from "./traffic.ts";
import { type VirtualGlobals, virtualGlobals } from "./virtual_globals.ts";

/** The same load, again and again: so many connections in a round, with so many frames each, and so many at once. */
const CONNECTIONS = 240;
const FRAMES = 8;
const AT_ONCE = 40;
/** The first rounds fill caches and warm up the engine. */
const WARM_UP_ROUNDS = 4;
const ROUNDS = 8;
const COLLECTIONS = 3;
/** Less growth than this, for each connection, is noise of the engine. */
const NOISE_BYTES = 256;
/** With twice the connections, their objects grow twice as fast. */
const CONFIRMED = 1.5;
/** A connection that has not ended after so much virtual time is not waited for. */
const LONGEST_MS = 3_600_000;

/** The memory of the process. */
export interface Heap {
  /** Collects garbage, and returns the bytes that are in use then. */
  usedBytes(): number;
}

/** The time after each round for timeouts of connections that have ended, and the most timers that fire in it. */
const AFTERWARDS_MS = 120_000;
const MOST_STEPS = 1_500;

/** The result of a measurement. */
export interface Growth {
  /** The number of connections that came and went. */
  readonly connections: number;
  /** The bytes that stayed for each: below 256 is noise. */
  readonly bytesPerConnection: number;
}

/**
 * Serves the same load again and again, and looks at what stays in memory when all connections have ended.
 *
 * @throws {Finding} `memory-growth` or `timers-left`
 */
export async function checkGrowth<In, Out, State>(
  stage: Stage<In, Out, State>,
  traffic: Traffic,
  heap: Heap,
): Promise<Growth> {
  const random = seededRandom(stage.seed).fork("growth");
  const clock = manualClock();
  const globals = stage.virtualTime === true ? virtualGlobals(clock, random.fork("globals")) : undefined;
  try {
    const network = simulatedNetwork({ clock, seed: stage.seed });
    const made = await stage.service(clock, random.fork("service"), network);
    const load = await Load.start(
      made as unknown as Service<unknown, unknown, unknown>,
      clock,
      traffic.realWork,
      globals,
    );
    try {
      return await measure(load, traffic, random, heap, globals);
    } finally {
      await load.stop();
    }
  } finally {
    globals?.restore();
  }
}

async function measure(
  load: Load,
  traffic: Traffic,
  random: Random,
  heap: Heap,
  globals: VirtualGlobals | undefined,
): Promise<Growth> {
  const frames = (traffic.frames?.known ?? []).filter((frame) => traffic.facts?.known.closesBehind(frame) !== true);
  const rounds = async (count: number, connections: number): Promise<Round[]> => {
    const measured: Round[] = [];
    for (let round = 0; round < count; round++) {
      // The same random numbers each time: the same load.
      await load.round(connections, frames, random.fork("load"));
      measured.push({ bytes: await leastBytes(heap), timers: globals?.timers ?? 0, sessions: load.keptSessions() });
    }
    return measured;
  };
  await rounds(WARM_UP_ROUNDS, CONNECTIONS);
  const single = await rounds(ROUNDS, CONNECTIONS);
  const bytesPerConnection = Math.max(0, steps(single, "bytes").median) / CONNECTIONS;
  const suspects = (["timers", "bytes"] as const).filter((what) => grows(single, what, CONNECTIONS));
  const connections = (WARM_UP_ROUNDS + ROUNDS) * CONNECTIONS;
  if (suspects.length === 0) return { connections, bytesPerConnection };
  await rounds(2, 2 * CONNECTIONS);
  const double = await rounds(ROUNDS, 2 * CONNECTIONS);
  const confirmed = suspects.find(
    (what) =>
      grows(double, what, 2 * CONNECTIONS) && steps(double, what).median >= CONFIRMED * steps(single, what).median,
  );
  if (confirmed === undefined) return { connections, bytesPerConnection };
  throw found(confirmed, double);
}

/** Objects with finalizers, and those of promises that are about to settle, take more than one collection. */
async function leastBytes(heap: Heap): Promise<number> {
  let bytes = Infinity;
  for (let count = 0; count < COLLECTIONS; count++) {
    await tickEnd();
    bytes = Math.min(bytes, heap.usedBytes());
  }
  return bytes;
}

interface Round {
  readonly bytes: number;
  readonly timers: number;
  readonly sessions: number;
}

/** Whether something grows with nearly every round, by more than noise. */
function grows(rounds: readonly Round[], what: keyof Round, connections: number): boolean {
  const { positive, median } = steps(rounds, what);
  const least = what === "bytes" ? NOISE_BYTES * connections : connections / 4;
  const whole = ((rounds.at(-1) as Round)[what] - (rounds[0] as Round)[what]) / (rounds.length - 1);
  return positive >= rounds.length - 2 && median >= least && whole >= least;
}

function steps(rounds: readonly Round[], what: keyof Round): { readonly positive: number; readonly median: number } {
  const all = rounds.slice(1).map((round, at) => round[what] - (rounds[at] as Round)[what]);
  const sorted = all.toSorted((one, other) => one - other);
  return { positive: all.filter((step) => step > 0).length, median: sorted[sorted.length >> 1] ?? 0 };
}

function found(what: keyof Round, rounds: readonly Round[]): Finding {
  const connections = 2 * CONNECTIONS;
  const { median } = steps(rounds, what);
  const after = `with ${connections} connections of ${FRAMES} frames that come and go, again and again`;
  if (what === "timers") return new Finding("timers-left", `${after}, ${Math.round(median)} timers are left each time`);
  const { median: bytes } = steps(rounds, "bytes");
  const size = `the heap grows by ${Math.round(bytes / connections)} bytes for each connection`;
  const sessions = steps(rounds, "sessions").median;
  const kept =
    sessions >= connections / 4
      ? `; ${Math.round(sessions)} of their sessions are still referenced after their end`
      : "";
  return new Finding("memory-growth", `${after}, ${size}${kept}`);
}

/** A server in memory, and its clients. */
class Load {
  readonly #server: Server;
  readonly #transport: MemoryTransport;
  readonly #clock: ManualClock;
  readonly #tap: ServiceTap;
  readonly #realWork: RealWork;
  readonly #globals: VirtualGlobals | undefined;
  #sessions: WeakRef<object>[] = [];

  private constructor(
    server: Server,
    transport: MemoryTransport,
    clock: ManualClock,
    tap: ServiceTap,
    realWork: RealWork,
    globals: VirtualGlobals | undefined,
  ) {
    this.#server = server;
    this.#transport = transport;
    this.#clock = clock;
    this.#tap = tap;
    this.#realWork = realWork;
    this.#globals = globals;
    const seen = new WeakSet<object>();
    tap.onSession = (session) => {
      if (seen.has(session)) return;
      seen.add(session);
      this.#sessions.push(new WeakRef(session));
    };
  }

  static async start(
    service: Service<unknown, unknown, unknown>,
    clock: ManualClock,
    realWork: RealWork,
    globals: VirtualGlobals | undefined,
  ): Promise<Load> {
    const tap = new ServiceTap();
    realWork.begin();
    const transport = memoryTransport();
    const options = { ...tap.wrap(service), clock, observer: () => undefined };
    const server = await serve(transport, { ...options, port: 0 });
    return new Load(server, transport, clock, tap, realWork, globals);
  }

  /** Lets connections come, send frames, and go; some are reset. Returns when all have ended. */
  async round(connections: number, frames: readonly SampleFrame[], random: Random): Promise<void> {
    for (let begun = 0; begun < connections; begun += AT_ONCE) {
      const visits = Array.from({ length: AT_ONCE }, (_, at) => this.#visit(frames, random.fork(`${begun + at}`)));
      let done = false;
      const all = Promise.all(visits).then(() => {
        done = true;
      });
      const isOver = () => done && this.#server.stats().connections === 0;
      await this.#run(isOver);
      await Promise.race([all, tickEnd()]);
    }
    // Objects that a timeout holds are released when it fires.
    const until = this.#clock.now() + AFTERWARDS_MS;
    for (let fired = 0; fired < MOST_STEPS && this.#clock.next <= until; fired++) await this.#clock.step();
  }

  /** The number of sessions that are still referenced, of all that there were. */
  keptSessions(): number {
    this.#sessions = this.#sessions.filter((session) => session.deref() !== undefined);
    return this.#sessions.length;
  }

  async stop(): Promise<void> {
    const stopping = this.#server.shutdown({ timeoutMs: 1 });
    let stopped = false;
    void stopping.finally(() => {
      stopped = true;
    });
    await this.#run(() => stopped);
  }

  async #run(isOver: () => boolean): Promise<void> {
    const until = this.#clock.now() + LONGEST_MS;
    await tickEnd();
    while (!isOver() && this.#clock.next <= until) {
      if (this.#clock.next > this.#clock.now())
        await this.#realWork.wait(this.#tap, (this.#globals?.timers ?? 0) + this.#clock.pending);
      await this.#clock.step();
    }
  }

  async #visit(frames: readonly SampleFrame[], random: Random): Promise<void> {
    try {
      const connection = await this.#transport.connect(this.#server.address);
      const writer = connection.writable.getWriter();
      writer.closed.catch(() => undefined);
      const reading = drainOf(connection.readable.getReader());
      for (let sent = 0; sent < FRAMES && frames.length > 0; sent++) await writer.write(random.pick(frames).bytes);
      if (random.once(10)) {
        await tickEnd();
        connection.abort();
      } else await writer.close();
      await reading;
    } catch {
      // The service has ended the connection.
    }
  }
}

async function drainOf(reader: ReadableStreamDefaultReader<Bytes>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // Reset.
  }
}

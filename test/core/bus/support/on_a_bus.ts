import { afterEach } from "vitest";
import {
  type BusGap,
  lines,
  type ServeOptions,
  type Server,
  type ServerEvent,
  serve,
} from "../../../../src/core/mod.ts";
import { type ManualClock, manualClock, memoryTransport, seededRandom } from "../../../../src/testing/mod.ts";
import { Peer } from "../../support/peer.ts";

type Bus = NonNullable<ServeOptions["bus"]>;

/** A server on a bus, in memory, with everything that it reported. */
export class OnABus {
  readonly clock: ManualClock;
  readonly events: ServerEvent[] = [];
  readonly transport = memoryTransport();
  server!: Server<string, string>;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  get gaps(): BusGap[] {
    return this.events
      .filter((event) => event.type === "bus-gap")
      .map(({ origin, missed, why }) => ({ origin, missed, why }));
  }

  get origin(): string {
    return this.stats.up ? (this.server.bus?.origin ?? "") : "";
  }

  get stats() {
    const { bus } = this.server;
    if (bus === undefined) throw new Error("the server has no bus");
    return bus.stats();
  }

  of<Type extends ServerEvent["type"]>(type: Type): Extract<ServerEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<ServerEvent, { type: Type }> => event.type === type);
  }

  /** Connects a peer, whose first line is a group that its session joins. */
  async member(group: string): Promise<Peer> {
    const peer = new Peer(await this.transport.connect(this.server.address), this.clock);
    await peer.send(`join ${group}\n`);
    await this.clock.advance(5);
    return peer;
  }
}

const running: OnABus[] = [];
/** Servers are different, and the same in each run. */
let seed = 0;

afterEach(async () => {
  for (const one of running.splice(0)) {
    const drained = one.server.shutdown({ timeoutMs: 1 });
    await one.clock.advance(20_000);
    await drained;
  }
});

/** Serves lines on a bus: `join GROUP` joins, `key KEY` adds a key, and anything else is said to all groups of the session. */
export async function onABus(
  bus: Bus,
  clock: ManualClock = manualClock(),
  options: Partial<ServeOptions<string, string>> = {},
): Promise<OnABus> {
  const one = new OnABus(clock);
  seed += 1;
  const random = seededRandom(seed);
  one.server = await serve<string, string>(one.transport, {
    port: 0,
    codec: lines(),
    handler: (line, { session }) => {
      const [word, name = ""] = line.split(" ");
      if (word === "join") session.join(name);
      else if (word === "leave") session.leave(name);
      else if (word === "key") session.addKey(name);
      else if (word === "id") return session.id;
      else for (const group of session.stats().groups) session.group(group).broadcast(line, { except: session });
      return undefined;
    },
    clock,
    bus,
    random: () => random.next() / 2 ** 32,
    observer: (event) => one.events.push(event),
    ...options,
  });
  running.push(one);
  await clock.advance(50);
  return one;
}

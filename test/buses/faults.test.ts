// Real brokers, held, and processes that stop.
import { describe, expect, it, type TestContext } from "vitest";
import type { BusGap, BusStats } from "../../src/mod.ts";
import { CliProcess } from "../cli/support/cli_process.ts";
import { LineConnection } from "../cli/support/line_connection.ts";
import { BROKERS, type Broker, brokerProcess, strictBroker } from "./support/broker.ts";
import { HurriedClock } from "./support/hurried_clock.ts";
import { type OnABroker, onABroker } from "./support/on_a_broker.ts";
import { nats, redis } from "./support/rooms.ts";

const LIMIT_MS = 60_000;

interface Missed {
  readonly gaps: readonly Pick<BusGap, "missed" | "why">[];
  readonly bus: BusStats;
}

/** A member in a process of its own. */
class Member {
  readonly cli: CliProcess;
  readonly connection: LineConnection;

  constructor(cli: CliProcess, port: number) {
    this.cli = cli;
    this.connection = new LineConnection(port);
  }

  /** Fulfils when this line has come. Lines before it are dropped. */
  async received(wanted: string): Promise<void> {
    while ((await this.connection.line()) !== wanted);
  }

  /** Fulfils when it has a gap. Other lines before the reply are dropped. */
  async missed(): Promise<Missed> {
    this.connection.send("missed\n");
    for (;;) {
      const line = await this.connection.line();
      if (line.startsWith('{"gaps"')) return JSON.parse(line) as Missed;
    }
  }

  async settled(): Promise<void> {
    this.connection.send("settled\n");
    while ((await this.connection.line()) !== "true") this.connection.send("settled\n");
  }
}

async function member(context: TestContext, { address }: Broker): Promise<Member> {
  const cli = new CliProcess("serve", "../../buses/fixtures/member.mjs", "--port", "0", "--bus", address);
  context.onTestFinished(() => {
    cli.signal("SIGCONT");
    cli.kill();
  });
  const one = new Member(cli, await cli.ready());
  await one.settled();
  return one;
}

describe.each(BROKERS)("a stopped process on the %s bus", (name) => {
  it("costs bounded memory, holds up nobody, and has one gap", { timeout: LIMIT_MS }, async (context) => {
    const place = await strictBroker(context, name);
    await place.start();
    const stopped = await member(context, place);
    const one = await onABroker(context, place.bus());
    const other = await onABroker(context, place.bus());
    // A process that has never heard of a server does not know what it has missed of it.
    one.server.group("all").broadcast("before");
    await stopped.received("before");
    stopped.cli.signal("SIGSTOP");
    const line = "x".repeat(100_000);
    // More than the kernel and the broker hold for it.
    const count = 120;
    for (let sent = 1; sent <= count; sent++) {
      one.server.group("all").broadcast(`${sent} ${line}`);
      if (sent % 5 > 0) continue;
      // This process is the sender, the receiver, and the local hub: no one of them may run ahead.
      expect(await one.server.bus?.settled()).toBe(true);
      await other.until(() => other.received.length === sent + 1);
    }
    expect(other.gaps()).toEqual([]);
    expect(one.server.bus?.stats()).toMatchObject({ framesSent: count + 1, framesDropped: 0, connects: 1 });
    stopped.cli.signal("SIGCONT");
    const { gaps, bus } = await stopped.missed();
    expect(gaps).toEqual([{ missed: bus.framesMissed, why: "disconnected" }]);
    expect(bus).toMatchObject({ up: true, connects: 2 });
    expect(bus.framesMissed + bus.framesReceived).toBe(count + 1);
  });
});

function isDown(one: OnABroker): Promise<void> {
  return one.until(() => one.events.some(({ type }) => type === "bus-down"));
}

describe.each(["redis", "nats"] as const)("a %s server", (name) => {
  it("that hangs is left, and local members go on", { timeout: LIMIT_MS }, async (context) => {
    const place = await brokerProcess(context, name);
    await place.start();
    const clock = new HurriedClock();
    const one = await onABroker(context, place.bus(), { clock });
    const other = await onABroker(context, place.bus(), { clock });
    one.server.group("all").broadcast("before");
    await other.until(() => other.received.includes("before"));
    place.hold();
    one.server.group("all").broadcast("while it hangs");
    await one.until(() => one.received.includes("while it hangs"));
    await clock.hurry(Promise.all([one, other].map(isDown)));
    one.server.group("all").broadcast("while it is away");
    place.go();
    await one.until(() => one.server.bus?.up === true);
    await other.until(() => other.server.bus?.up === true);
    one.server.group("all").broadcast("afterwards");
    await other.until(() => other.received.includes("afterwards"));
    // Frames that the broker had taken before it was left may come, or not.
    await other.until(() => other.received.length + (other.server.bus?.stats().framesMissed ?? 0) === 4);
    expect(other.received).toContain("while it is away");
    expect(other.gaps().length).toBeLessThanOrEqual(1);
    expect(one.received).toHaveLength(4);
  });

  it("that hangs when a server connects is given up, and tried again", { timeout: LIMIT_MS }, async (context) => {
    const place = await brokerProcess(context, name);
    await place.start();
    place.hold();
    const clock = new HurriedClock();
    const one = await onABroker(context, place.bus(), { clock, waits: false });
    await clock.hurry(isDown(one));
    place.go();
    await one.until(() => one.server.bus?.up === true);
    expect(one.server.bus?.stats().connects).toBe(1);
  });

  it("that wants another password is reported without ours, and tried again", {
    timeout: LIMIT_MS,
  }, async (context) => {
    const secret = name === "redis" ? ["requirepass right"] : ["authorization: { user: us, password: right }"];
    const place = await brokerProcess(context, name, secret);
    await place.start();
    const address = place.address.replace("://", name === "redis" ? "://:wrong@" : "://us:wrong@");
    const bus = name === "redis" ? redis({ url: address }) : nats({ servers: address });
    const one = await onABroker(context, bus, { waits: false });
    await isDown(one);
    const [down] = one.events.filter((event) => event.type === "bus-down");
    expect(down?.error.code).toBe("bus-connect-failed");
    expect(down?.error.message).not.toContain("wrong@");
    one.server.group("all").broadcast("here");
    await one.until(() => one.received.includes("here"));

    const right = place.address.replace("://", name === "redis" ? "://:right@" : "://us:right@");
    const other = await onABroker(context, name === "redis" ? redis({ url: right }) : nats({ servers: right }));
    expect(other.server.bus?.up).toBe(true);
  });
});

describe("a NATS server with a small limit", () => {
  it("gets batches that it takes", { timeout: LIMIT_MS }, async (context) => {
    const place = await brokerProcess(context, "nats", ["max_payload: 4096"]);
    await place.start();
    const one = await onABroker(context, place.bus());
    const other = await onABroker(context, place.bus());
    for (let index = 0; index < 500; index++) one.server.group("all").broadcast(`${index} ${"x".repeat(500)}`);
    await other.until(() => other.received.length >= 500);
    expect(one.server.bus?.stats().connects).toBe(1);
    expect(() => one.server.group("all").broadcast("x".repeat(4_096))).toThrow("nats takes");
  });
});

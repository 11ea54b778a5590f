import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Random } from "spillway/testing";
import { BrokerProcess, brokerPlace, removeBroker } from "../../buses/support/broker_process.ts";
import type { ProgramUser } from "../../support/real_program.ts";
import { ClusterLog } from "../cluster/cluster_log.ts";
import { type ProcessInfo, processesWith, processOf, signalProcess } from "../processes.ts";
import type { Command } from "../server_process.ts";
import { type Size, Sizes } from "../sizes.ts";
import { SpillwayProcess } from "../spillway_process.ts";
import { holdsWithin, sleep } from "../waiting.ts";
import type { BusAct, BusKind } from "./acts.ts";
import { GAPS_VARIABLE, type Gap, readGaps } from "./gaps.ts";
import { HEAL_MS, type Life } from "./judge_bus.ts";
import { Member } from "./member.ts";
import { RoomLedger } from "./room_ledger.ts";

/** Servers on the bus. */
const SERVERS = 3;
/** Members of each. */
const MEMBERS = 2;
const WORKER_TIMEOUT_MS = 3_000;
/** The longest time for which the broker is away, unless the storm is short. */
const LONGEST_AWAY_MS = 7_000;
/** A server may be held for less than a line may take to the members beside its sender. */
const LONGEST_HELD_MS = 2_000;
/** More than may wait for a member, in the server and in the kernel. */
const FLOOD = { lines: 384, bytes: 32_000, open: 4 };
const BURST = { lines: 200, bytes: 200 };
/** Without this, NATS holds back who publishes to a stalled subscriber: docs/buses.md. */
const NATS_LINES = ['write_deadline: "1s"', 'ping_interval: "5s"'];

/** The settings of a bus under a storm. */
export interface BusOptions {
  readonly kind: BusKind;
  /** A folder of its own. */
  readonly folder: string;
  /** The command line of Spillway, on some runtime. */
  readonly spillway: (args: readonly string[]) => Command;
  /** The file of the service. */
  readonly service: string;
  /** Nothing is away, or waits, for longer. */
  readonly longestMs: number;
}

/** A server that was heard of. */
interface Known {
  readonly origin: string;
  readonly pid: number;
  end: Life["end"];
  said: number;
  readonly saidBefore: ReadonlyMap<string, number>;
  /** When the sender of each line was told its number. */
  readonly saidAt: number[];
}

/** A process that was started, and where it listens. */
interface Started {
  readonly cli: SpillwayProcess;
  readonly log: ClusterLog;
  readonly port: number;
}

/** Servers on a bus, with members in each, seen from outside, to which every {@link BusAct} can be done. */
export class StormedBus {
  readonly members: Member[] = [];
  /** The exit codes of processes that were told to drain. */
  readonly ends: (number | string | null)[] = [];
  readonly #options: BusOptions;
  readonly #lives = new Map<string, Known>();
  readonly #started: Started[] = [];
  readonly #sizes = new Sizes();
  readonly #gaps: string;
  readonly #removing: (() => Promise<void>)[] = [];
  readonly #logs: ClusterLog[] = [];
  /** Processes that are stopped for a while. */
  readonly #held = new Set<number>();
  #broker: BrokerProcess | undefined;
  #address = "local";
  #tags = 0;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#gaps = path.join(options.folder, "gaps");
    writeFileSync(this.#gaps, "");
  }

  get lives(): Life[] {
    return [...this.#lives.values()];
  }

  get gaps(): Gap[] {
    return readGaps(readFileSync(this.#gaps, "utf8"));
  }

  get sizes(): Size[] {
    return this.#sizes.all;
  }

  /** Everything that was logged. */
  get log(): ClusterLog[] {
    return this.#logs;
  }

  get processes(): ProcessInfo[] {
    return processesWith(this.#options.folder);
  }

  /** The members that talk: those of each server that is alive. */
  talkers(): Member[][] {
    return this.#alive().map(({ origin }) => this.#membersOf(origin));
  }

  /** Starts the broker and the servers, with their members. */
  async start(): Promise<void> {
    const { kind } = this.#options;
    if (kind !== "local") await this.#startBroker(kind);
    const count = kind === "local" ? 1 : SERVERS;
    this.#started.push(...(await Promise.all(Array.from({ length: count }, () => this.#serve()))));
    await this.populate();
  }

  /** Connects members until each server has some. @throws {Error} it does not come to that */
  async populate(): Promise<void> {
    for (const started of this.#started) {
      const isFull = () => {
        const pids = this.#servingOf(started);
        const counts = pids
          .map((pid) => this.#alive().find((one) => one.pid === pid))
          .map((one) => (one === undefined ? 0 : this.#membersOf(one.origin).length));
        return counts.length === this.#servers && counts.every((count) => count >= MEMBERS);
      };
      const endAt = performance.now() + HEAL_MS;
      while (!isFull()) {
        if (performance.now() > endAt) throw new Error("not every server gets members");
        await this.#join(started.port, MEMBERS);
      }
    }
  }

  /** Does it, and undoes it, and connects members anew. */
  async act(act: BusAct, random: Random): Promise<void> {
    const away = 200 + random.below(Math.max(1, Math.min(LONGEST_AWAY_MS, this.#options.longestMs) - 200));
    switch (act) {
      case "broker killed":
        this.#burst();
        await this.#broker?.kill();
        await sleep(away);
        return await this.#broker?.start();
      case "broker held":
        this.#broker?.hold();
        await sleep(away);
        return this.#broker?.go();
      case "server killed":
        return await this.#kill(await this.#victim(random), "SIGKILL");
      case "worker stopped":
        return await this.#kill(await this.#victim(random), "SIGSTOP");
      case "server held":
        return await this.#hold((await this.#victim(random)).pid, Math.min(away, LONGEST_HELD_MS));
      case "restart":
        return await this.#restart();
      case "slow member":
        return await this.#flood(await this.#victim(random));
    }
  }

  /** Whether a line of every server has come to every other one that was said after these. */
  heals(since: ReadonlyMap<string, number>): boolean {
    return this.#alive().every((life) =>
      this.#alive().every((other) => {
        const last = Math.max(
          0,
          ...this.#membersOf(life.origin).map(({ ledger }) => ledger.received.get(other.origin)?.at(-1) ?? 0),
        );
        return last > (since.get(other.origin) ?? 0);
      }),
    );
  }

  /** The numbers of the last lines that are known of. */
  said(): Map<string, number> {
    return new Map(this.#alive().map(({ origin, said }) => [origin, said]));
  }

  /** Looks at the memory of all servers. */
  measure(): void {
    for (const found of this.processes) this.#sizes.note(found);
  }

  /** Lets all servers drain, with their members. */
  async drain(): Promise<void> {
    for (const member of this.members) member.leave();
    await Promise.all(
      this.#started.splice(0).map(async ({ cli }) => {
        cli.signal("SIGTERM");
        const { code, signal: by } = await cli.exited;
        await cli.closed;
        this.ends.push(by ?? code);
      }),
    );
  }

  /** Ends whatever is left of it. */
  async close(): Promise<void> {
    for (const member of this.members) member.leave();
    for (const { pid } of this.processes) signalProcess(pid, "SIGKILL");
    for (const remove of this.#removing) await remove();
  }

  async #startBroker(kind: "redis" | "nats"): Promise<void> {
    const place = await brokerPlace(kind, kind === "nats" ? NATS_LINES : []);
    const broker = new BrokerProcess(USER, kind, place);
    this.#removing.push(() => removeBroker(broker, place));
    this.#broker = broker;
    this.#address = broker.address;
    await broker.start();
  }

  async #serve(): Promise<Started> {
    const { folder, kind, service, spillway } = this.#options;
    const own = path.join(folder, `pid${++this.#tags}`);
    const args = ["serve", service, "--port", "0", "--bus", this.#address, "--log-format", "json", "--pid-file", own];
    const workers = ["--workers", `${SERVERS}`, "--worker-timeout", `${WORKER_TIMEOUT_MS}ms`, "--grace", "300ms"];
    const log = new ClusterLog();
    this.#logs.push(log);
    const command = spillway([...args, ...(kind === "local" ? workers : [])]);
    const cli = new SpillwayProcess(command, (line) => log.add(line, performance.now()), {
      [GAPS_VARIABLE]: this.#gaps,
    });
    return { cli, log, port: await cli.ready() };
  }

  /** The processes that serve. */
  #servingOf({ cli, log }: Started): number[] {
    return this.#options.kind === "local" ? [...log.serving] : [cli.pid];
  }

  /** The number of servers behind one port. */
  get #servers(): number {
    return this.#options.kind === "local" ? SERVERS : 1;
  }

  #alive(): Known[] {
    return [...this.#lives.values()].filter(({ end }) => end === "alive");
  }

  #membersOf(origin: string): Member[] {
    return this.members.filter(({ end, ledger, wasSlow }) => ledger.origin === origin && end === "open" && !wasSlow);
  }

  /** Connects one, which leaves again if its server has enough. */
  async #join(port: number, enough: number): Promise<void> {
    const ledger = new RoomLedger(`m${++this.#tags}`, (origin, number) => this.#lives.get(origin)?.saidAt[number]);
    const member = new Member(port, ledger, ({ ledger: { origin } }, number) => this.#noteSaid(origin, number));
    await Promise.race([member.greeted, sleep(WORKER_TIMEOUT_MS)]);
    const { origin, pid } = ledger;
    if (origin === "") return member.leave();
    if (!this.#lives.has(origin)) {
      this.#lives.set(origin, { origin, pid, end: "alive", said: 0, saidBefore: this.said(), saidAt: [] });
    }
    if (this.#membersOf(origin).length >= enough) return member.leave();
    this.members.push(member);
  }

  #noteSaid(origin: string, number: number): void {
    const life = this.#lives.get(origin);
    if (life === undefined) return;
    life.said = Math.max(life.said, number);
    life.saidAt[number] = performance.now();
  }

  /** A server that has members. One that is held would go on, although it was stopped for good. */
  async #victim(random: Random): Promise<Known> {
    const free = () => this.#alive().filter(({ pid }) => !this.#held.has(pid));
    // All may be new, so that nobody knows them yet.
    await holdsWithin(HEAL_MS, () => free().length > 0);
    return random.pick(free());
  }

  /** SIGKILL, or a SIGSTOP that is followed by one of its supervisor. */
  async #kill(life: Known, name: "SIGKILL" | "SIGSTOP"): Promise<void> {
    life.end = "killed";
    signalProcess(life.pid, name);
    const isLocal = this.#options.kind === "local";
    // A worker of the one supervisor need not serve any more.
    const at = isLocal ? 0 : this.#started.findIndex(({ cli }) => cli.pid === life.pid);
    const started = this.#started[at];
    if (!isLocal) {
      await started?.cli.closed;
      this.#started[at] = await this.#serve();
    } else if (
      !(await holdsWithin(
        HEAL_MS,
        () => started?.log.hasEnded(life.pid) === true && started.log.serving.size === SERVERS,
      ))
    ) {
      throw new Error("a worker is not replaced");
    }
    await this.populate();
  }

  async #hold(pid: number, ms: number): Promise<void> {
    this.#held.add(pid);
    signalProcess(pid, "SIGSTOP");
    await sleep(ms);
    signalProcess(pid, "SIGCONT");
    this.#held.delete(pid);
  }

  async #restart(): Promise<void> {
    const [started] = this.#started;
    if (started === undefined) return;
    const { cli, log } = started;
    const before = log.of("reload-finished").length;
    cli.signal("SIGHUP");
    const isOver = () => log.of("reload-finished").length > before && log.serving.size === SERVERS;
    if (!(await holdsWithin(2 * HEAL_MS, isOver))) throw new Error("a rolling restart does not come to an end");
    for (const life of this.#alive()) if (!log.serving.has(life.pid)) life.end = "drained";
    const drained = () => this.lives.every(({ end, pid }) => end === "alive" || processOf(pid) === undefined);
    await holdsWithin(HEAL_MS, drained);
    await this.populate();
  }

  /** Much is on its way to the broker. */
  #burst(): void {
    for (const [talker] of this.talkers()) {
      for (let said = 0; said < BURST.lines; said++) talker?.say(BURST.bytes);
    }
  }

  async #flood({ origin }: Known): Promise<void> {
    const [talker, ...others] = this.#membersOf(origin);
    const slow = others.at(-1);
    if (talker === undefined || slow === undefined) return;
    slow.hold();
    const { bytes, lines, open } = FLOOD;
    for (let said = 0; said < lines && talker.end === "open"; said++) {
      talker.say(bytes);
      if (!(await holdsWithin(HEAL_MS, () => talker.open < open || talker.end !== "open"))) {
        throw new Error("a slow member holds up others");
      }
    }
    slow.go();
    await sleep(300);
    slow.leave();
    await this.populate();
  }
}

/** Where a broker is not installed, there is no storm. */
const USER: ProgramUser = {
  signal: new AbortController().signal,
  skip: (why) => {
    throw new Error(why);
  },
};

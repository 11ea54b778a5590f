import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Random, seededRandom } from "spillway/testing";
import { drawActs } from "../draw_acts.ts";
import type { Command } from "../server_process.ts";
import { holdsWithin, sleep, within } from "../waiting.ts";
import { BUS_ACTS, type BusAct, type BusKind } from "./acts.ts";
import { type BusCourse, complaintsIn, gapsFit, HEAL_MS, type Heal, judgeBus } from "./judge_bus.ts";
import { StormedBus } from "./stormed_bus.ts";

const MEASURE_MS = 250;
/** Between two lines of one server, at most. */
const PAUSE_MS = 40;
const LINE_BYTES = 500;
/** Lines of one member that may be open. */
const OPEN = 8;
/** A beacon a second says what is missing. */
const GAPS_MS = 15_000;
const DRAIN_MS = 20_000;
/** Broken promises that are told of. */
const MAX_BROKEN = 20;

/** How a storm on a bus goes. */
export interface BusStormOptions {
  readonly kind: BusKind;
  /** The command line of Spillway, on some runtime. */
  readonly spillway: (args: readonly string[]) => Command;
  /** The file of the service. */
  readonly service: string;
  readonly seed: number;
  /** The draws depend on it, too: short storms of one seed are different on each runtime. */
  readonly name: string;
  /** For how long acts begin. */
  readonly seconds: number;
  readonly onProgress?: (members: number, broken: number) => void;
}

/** The result of a storm on a bus. */
export interface BusReport {
  readonly figures: Readonly<Record<string, number>>;
  readonly acts: Readonly<Partial<Record<BusAct, number>>>;
  readonly brokenCount: number;
  /** The first of the promises that were broken. */
  readonly broken: readonly string[];
  /** The log of all servers. */
  readonly log: string;
}

/** Servers on a bus with members that talk, to which one thing after the other is done. Every promise is checked from outside. */
export async function busStorm(options: BusStormOptions): Promise<BusReport> {
  const folder = mkdtempSync(path.join(tmpdir(), "spillway-storm-"));
  const bus = new StormedBus({ ...options, folder, longestMs: 500 * options.seconds });
  const storm = new BusStorm(options, bus);
  try {
    await storm.run();
  } catch (error) {
    storm.broken.push(error instanceof Error ? error.message : String(error));
  } finally {
    await bus.close();
  }
  const report = storm.report();
  rmSync(folder, { recursive: true, force: true });
  return report;
}

class BusStorm {
  readonly broken: string[] = [];
  readonly #options: BusStormOptions;
  readonly #bus: StormedBus;
  readonly #random: Random;
  readonly #heals: Heal[] = [];
  #talking = true;

  constructor(options: BusStormOptions, bus: StormedBus) {
    this.#options = options;
    this.#bus = bus;
    this.#random = seededRandom(options.seed).fork(options.name);
  }

  async run(): Promise<void> {
    const bus = this.#bus;
    await bus.start();
    const measuring = setInterval(() => bus.measure(), MEASURE_MS);
    const talk = this.#talk();
    try {
      await this.#heal([], new Map());
      // What cannot be done is not all that is wrong.
      await this.#rage().catch((error: Error) => this.broken.push(error.message));
      this.#talking = false;
      await talk;
      await holdsWithin(GAPS_MS, () => gapsFit(this.#course()));
      const before = this.#course();
      await within(DRAIN_MS, bus.drain(), "the servers do not end after SIGTERM");
      const left = bus.processes.map(({ pid }) => pid);
      this.broken.push(...judgeBus({ ...before, complaints: this.#complaints(), ends: bus.ends, left }));
    } finally {
      this.#talking = false;
      clearInterval(measuring);
    }
  }

  report(): BusReport {
    const bus = this.#bus;
    const acts: Partial<Record<BusAct, number>> = Object.fromEntries(
      BUS_ACTS[this.#options.kind].map((act) => [act, 0]),
    );
    for (const act of this.#heals.flatMap((heal) => heal.acts as BusAct[])) acts[act] = (acts[act] ?? 0) + 1;
    const received = bus.members.map(({ ledger }) =>
      [...ledger.received.values()].reduce((sum, { length }) => sum + length, 0),
    );
    return {
      figures: {
        servers: bus.lives.length,
        members: bus.members.length,
        said: bus.lives.reduce((sum, { said }) => sum + said, 0),
        received: received.reduce((sum, count) => sum + count, 0),
        gaps: bus.gaps.length,
        missed: bus.gaps.reduce((sum, { missed }) => sum + missed, 0),
        "cut off as slow": bus.log.reduce((sum, log) => sum + log.of("slow-consumer").length, 0),
        "slowest heal, ms": Math.round(Math.max(0, ...this.#heals.map(({ tookMs }) => tookMs))),
        "slowest local line, ms": Math.round(
          Math.max(0, ...bus.members.filter(({ wasSlow }) => !wasSlow).map(({ ledger }) => ledger.slowestLocalMs)),
        ),
        "most MiB": Math.round(Math.max(0, ...bus.sizes.map(({ mostBytes }) => mostBytes)) / 1_048_576),
        broken: this.broken.length,
      },
      acts,
      brokenCount: this.broken.length,
      broken: this.broken.slice(0, MAX_BROKEN),
      log: bus.log.flatMap(({ records }) => records.map(({ line }) => `${line}\n`)).join(""),
    };
  }

  /** One line after the other, of any member of each server. */
  async #talk(): Promise<void> {
    const random = this.#random.fork("talk");
    while (this.#talking) {
      for (const members of this.#bus.talkers()) {
        const talker = members.length === 0 ? undefined : random.pick(members);
        if (talker !== undefined && talker.open < OPEN) talker.say(random.below(LINE_BYTES));
      }
      this.#options.onProgress?.(this.#bus.members.length, this.broken.length);
      await sleep(random.below(PAUSE_MS));
    }
  }

  /** Does one thing after the other, and waits each time until lines pass between all servers. */
  async #rage(): Promise<void> {
    const random = this.#random.fork("acts");
    const endAt = performance.now() + 1_000 * this.#options.seconds;
    for (const acts of drawActs(random, BUS_ACTS[this.#options.kind])) {
      if (performance.now() > endAt) return;
      await sleep(random.below(300));
      const one = async (act: BusAct, index: number) => {
        if (index > 0) await sleep(random.below(600));
        await this.#bus.act(act, random.fork(`${act} ${this.#heals.length}`));
      };
      await Promise.all(acts.map(one));
      await this.#heal(acts, this.#bus.said());
    }
  }

  async #heal(acts: readonly BusAct[], said: ReadonlyMap<string, number>): Promise<void> {
    const startedAt = performance.now();
    const healed = await holdsWithin(HEAL_MS, () => this.#bus.heals(said));
    this.#heals.push({ acts, tookMs: performance.now() - startedAt, healed });
  }

  #course(): BusCourse {
    const { gaps, lives, members, sizes } = this.#bus;
    const seen = members.map(({ end, error, ledger, wasSlow }) => ({
      end,
      ledger,
      wasSlow,
      ...(error !== undefined && { error }),
    }));
    return { lives, members: seen, gaps, heals: this.#heals, sizes, complaints: [], ends: [], left: [] };
  }

  #complaints(): string[] {
    const killed = new Set(this.#bus.lives.filter(({ end }) => end === "killed").map(({ pid }) => pid));
    return this.#bus.log.flatMap(({ records }) => complaintsIn(records, killed));
  }
}

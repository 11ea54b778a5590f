import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { isError, LogOutput } from "../core/mod.ts";
import type {
  FindingKind,
  Growth,
  SimulateOptions,
  SimulationFailure,
  Traffic,
  UncaughtErrorSource,
} from "../testing/mod.ts";
import type { Environment } from "./environment.ts";
import { EXIT_FAILED, EXIT_INTERRUPTED, Failure, firstLine, usageFailure } from "./failure.ts";
import { startLog } from "./log.ts";
import { readSettings } from "./read_settings.ts";
import { heapOfProcess } from "./simulate/heap.ts";
import { followGlobalTimers } from "./simulate/node_timers.ts";
import { quietConsole } from "./simulate/quiet_console.ts";
import { type Counts, reportJson, reportText, type SimulationReport } from "./simulate/simulate_report.ts";
import { SimulatedService } from "./simulate/simulated_service.ts";
import type { SimulateFlags } from "./simulate_flags.ts";
import { startPool } from "./start_pool.ts";

const PROGRESS_MS = 200;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** Characters that a shell takes as they are. */
const PLAIN = /^[\w./:=,@%+-]+$/;

/**
 * Runs `spillway simulate`; fulfils with the exit code: 1 if something was found. The first SIGINT or SIGTERM ends it with what is known
 * so far. `args` are the arguments behind the name of the command, for the command that repeats a failure.
 *
 * @throws {Failure} the service cannot be loaded, or an invalid option
 */
export async function runSimulate(
  name: string,
  flags: SimulateFlags,
  environment: Environment,
  args: readonly string[],
): Promise<number> {
  const testing = await import("../testing/mod.ts");
  const ignored = ignoredKinds(flags, Object.keys(testing.FINDINGS));
  const all = await readSettings(flags, environment);
  const { cwd, stdio } = environment;
  const frames = await framesOf(flags, cwd);
  const stopping = new AbortController();
  const stop = stopper(flags, environment, stopping);
  const size = all.settings.pool;
  const pool =
    size === undefined
      ? undefined
      : await startPool(
          name,
          size,
          cwd,
          startLog({ level: "error", format: "pretty", colors: stdio.colors, output: new LogOutput(stdio.err) }),
        );
  try {
    return await quietConsole(async () => {
      const service = await SimulatedService.load(name, all, cwd, pool?.handler);
      followGlobalTimers();
      const traffic = testing.traffic({ ...service.traffic, ...(frames && { frames }) });
      const run = new SeedRun({
        testing,
        service,
        traffic,
        name,
        flags,
        environment,
        args,
        ignored,
        stopping,
        uncaught: environment.uncaught,
      });
      const report = await run.report(() => stop.reason);
      await stdio.out(flags.json === true ? reportJson(report) : reportText(report));
      if (service.hasSteps && flags.json !== true)
        await stdio.out("note: the establish steps of the service (TLS, PROXY headers, rules) were left out\n");
      if (report.failure !== undefined) return EXIT_FAILED;
      return report.ended === "interrupted" ? EXIT_INTERRUPTED : 0;
    });
  } finally {
    stop.end();
    await pool?.close();
  }
}

interface Parts {
  readonly testing: typeof import("../testing/mod.ts");
  readonly service: SimulatedService;
  readonly traffic: Traffic;
  readonly name: string;
  readonly flags: SimulateFlags;
  readonly environment: Environment;
  readonly args: readonly string[];
  readonly ignored: readonly FindingKind[];
  readonly stopping: AbortController;
  readonly uncaught: UncaughtErrorSource;
}

/** The seeds one after the other, and then the memory. */
class SeedRun {
  readonly #parts: Parts;
  readonly #counts: Counts = { seeds: 0, connections: 0, frames: 0, faults: 0, virtualMs: 0, ends: new Map() };
  #shownAt = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async report(ended: () => SimulationReport["ended"]): Promise<SimulationReport> {
    const { flags, name, traffic, stopping } = this.#parts;
    const startedAt = performance.now();
    let failure = await this.#seeds();
    let growth: Growth | undefined;
    if (failure === undefined && !stopping.signal.aborted) {
      const measured = await this.#growth();
      if (measured instanceof Error) failure = measured;
      else growth = measured;
    }
    this.#clear();
    const { facts, frames, realWork } = traffic;
    const { known } = facts ?? {};
    return {
      service: name,
      asked: flags.seeds,
      first: flags.seed,
      counts: this.#counts,
      realMs: performance.now() - startedAt,
      frames: { source: frames?.source ?? "none", known: frames?.known.length ?? 0, refused: frames?.refused ?? [] },
      replies: known?.telling === true ? "compared" : known?.placed === true ? "counted" : "unknown",
      realWork: { calls: realWork.calls, ms: realWork.waitedMs },
      growth,
      ended: ended(),
      failure,
      again: failure && this.#again(failure),
    };
  }

  async #seeds(): Promise<SimulationFailure | undefined> {
    const { testing, traffic, name, flags, stopping } = this.#parts;
    const { seeds, seed: first } = flags;
    for (let seed = first; seed < first + seeds; seed++) {
      if (stopping.signal.aborted) return undefined;
      this.#progress(`seed ${seed}, ${this.#counts.seeds} of ${seeds}`);
      try {
        const { clients, faults, duration: spanMs } = flags;
        const stage = this.#stage(seed);
        const result = await testing.simulate({ ...stage, client: traffic, clients, faults, spanMs });
        this.#count(result);
      } catch (error) {
        if (error instanceof testing.SimulationFailure) return this.#checked(error);
        if (stopping.signal.aborted) return undefined;
        if (error instanceof Failure || !isError(error)) throw error;
        throw usageFailure(`${name}: ${firstLine(error)}`, { cause: error });
      }
      if (seed === first) this.#checkFrames();
    }
    return undefined;
  }

  #stage(seed: number) {
    const { service, ignored, stopping, uncaught } = this.#parts;
    const make: SimulateOptions<unknown, unknown>["service"] = (clock, random, network) =>
      service.make({ clock, random, network });
    return {
      seed,
      service: make,
      virtualTime: true,
      allow: ignored,
      signal: stopping.signal,
      uncaught,
    };
  }

  /** An option that makes no sense stops the server at its start: that is no fault that a seed has found. */
  #checked(failure: SimulationFailure): SimulationFailure {
    const { cause, trace } = failure;
    const isMisuse = cause instanceof TypeError || cause instanceof RangeError;
    if (isMisuse && !trace.some((line) => line.endsWith(" listening")))
      throw usageFailure(`${this.#parts.name}: ${firstLine(cause)}`, { cause });
    return failure;
  }

  /** @throws {Failure} frames were given, and the codec takes none of them */
  #checkFrames(): void {
    const { name, traffic } = this.#parts;
    const { frames } = traffic;
    if (frames?.source !== "given" || frames.known.length > 0) return;
    throw usageFailure(
      frames.refused.length === 0
        ? `${name}: there are no frames to send`
        : `${name}: none of the given frames is a frame of the service's codec: ${frames.refused.slice(0, 3).join(", ")}; export simulate.codec, the codec of its clients`,
    );
  }

  /** Measures memory. Returns what was found as a failure of the first seed. */
  async #growth(): Promise<Growth | SimulationFailure | undefined> {
    const { testing, traffic, flags, ignored } = this.#parts;
    if (ignored.includes("memory-growth")) return undefined;
    const heap = await heapOfProcess();
    if (heap === undefined) return undefined;
    this.#progress("measuring memory");
    try {
      return await testing.checkGrowth(this.#stage(flags.seed), traffic, heap);
    } catch (error) {
      if (!(error instanceof testing.Finding)) throw error;
      return new testing.SimulationFailure({
        seed: flags.seed,
        cause: error,
        found: error.found,
        what: error.message,
        advice: error.advice,
        acts: [],
        allActs: 0,
        trace: [],
        repeated: true,
      });
    }
  }

  #count({ reasons, frames, faults, virtualMs }: Awaited<ReturnType<Parts["testing"]["simulate"]>>): void {
    const counts = this.#counts;
    counts.seeds += 1;
    counts.frames += frames;
    counts.faults += faults;
    counts.virtualMs += virtualMs;
    for (const [reason, count] of Object.entries(reasons)) {
      counts.connections += count;
      counts.ends.set(reason, (counts.ends.get(reason) ?? 0) + count);
    }
  }

  /** Returns the command that repeats a failure. One that does not repeat alone needs the seeds before it, too. */
  #again({ seed, repeated, found }: SimulationFailure): string {
    const { args, flags } = this.#parts;
    const alone = repeated || seed === flags.seed;
    const first = alone ? seed : flags.seed;
    const memory = found === "memory-growth" || found === "timers-left";
    const seeds = alone || memory ? 1 : seed - first + 1;
    const kept = withoutOptions(args, ["--seed", "--seeds", "-n", "--json", "--time-limit"]);
    return ["spillway", "simulate", ...kept, "--seed", `${first}`, "--seeds", `${seeds}`].map(quoted).join(" ");
  }

  #progress(text: string): void {
    const { stdio } = this.#parts.environment;
    if (!stdio.errTerminal || performance.now() - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = performance.now();
    stdio.err(`\r\x1b[K${text}`, () => undefined);
  }

  #clear(): void {
    const { stdio } = this.#parts.environment;
    if (stdio.errTerminal) stdio.err("\r\x1b[K", () => undefined);
  }
}

/** Ends the run at a signal, and at the time limit. */
function stopper(
  { timeLimit = Infinity }: SimulateFlags,
  { signals }: Environment,
  stopping: AbortController,
): { readonly reason: SimulationReport["ended"]; end(): void } {
  let reason: SimulationReport["ended"];
  const stop = (why: NonNullable<typeof reason>) => {
    reason ??= why;
    stopping.abort(new Error(why));
  };
  const listener = () => stop("interrupted");
  for (const signal of SIGNALS) signals.on(signal, listener);
  const timer = timeLimit === Infinity ? undefined : setTimeout(() => stop("time limit"), timeLimit);
  return {
    get reason() {
      return reason;
    },
    end() {
      clearTimeout(timer);
      for (const signal of SIGNALS) signals.off(signal, listener);
    },
  };
}

/** @throws {Failure} an unknown kind */
function ignoredKinds({ ignore = [] }: SimulateFlags, known: readonly string[]): readonly FindingKind[] {
  for (const kind of ignore)
    if (!known.includes(kind))
      throw usageFailure(`option '--ignore' cannot be '${kind}': choose from ${known.join(", ")}`);
  return ignore as readonly FindingKind[];
}

/** Returns the frames that options give. @throws {Failure} the file cannot be read */
async function framesOf({ frame, frames: file }: SimulateFlags, cwd: string): Promise<readonly string[] | undefined> {
  if (file === undefined) return frame;
  let text: string;
  try {
    text = await readFile(resolve(cwd, file), "utf8");
  } catch (error) {
    throw usageFailure(`cannot read the frames in ${file}: ${firstLine(error)}`, { cause: error });
  }
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines.length === 0 && frame === undefined)
    throw usageFailure(`cannot read the frames in ${file}: it has no line`);
  return [...(frame ?? []), ...lines];
}

/** Leaves options out, with their values. */
function withoutOptions(args: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (names.some((name) => arg.startsWith(`${name}=`) || (name === "-n" && /^-n./.test(arg)))) continue;
    if (!names.includes(arg)) kept.push(arg);
    else if (arg !== "--json") at += 1;
  }
  return kept;
}

function quoted(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

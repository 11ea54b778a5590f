import { clearInterval, setInterval } from "node:timers";
import { loadOfPart } from "./bench/load_of_part.ts";
import { Parts } from "./bench/parts.ts";
import { errorCount, progressText, resultJson, resultText, type Whole } from "./bench/report.ts";
import { runPart } from "./bench/run_part.ts";
import type { BenchFlags } from "./bench_flags.ts";
import type { Environment } from "./environment.ts";
import { EXIT_FAILED, EXIT_INTERRUPTED, usageFailure } from "./failure.ts";
import { parseTarget } from "./target.ts";

const DEFAULT_FRAME_BYTES = 64;
/** An open loop must be able to go on while the server pauses. */
const DEFAULT_IN_FLIGHT = { closed: 1, open: 128 };
/** The most instants of unanswered frames that one process keeps: 512 MiB. */
const MOST_IN_FLIGHT = 67_108_864;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const PROGRESS_MS = 1_000;

/**
 * Runs `spillway bench`; fulfils with the exit code: 1 if there were errors. The first SIGINT or SIGTERM ends the load
 * early; the second does not wait for the last replies.
 *
 * @throws {Failure} an invalid option, or no connection
 */
export async function runBench(text: string, flags: BenchFlags, environment: Environment): Promise<number> {
  if (flags.part === true) return await runPart(environment);
  const whole = wholeOf(text, flags);
  const { stdio, signals } = environment;
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of SIGNALS) signals.on(signal, () => resolve(undefined));
  });
  const starting =
    whole.processes === 1 ? loadOfPart(whole, environment) : Parts.start(whole, environment.cwd, stdio.errTerminal);
  const running = await Promise.race([starting, interrupted]);
  if (running === undefined) return EXIT_INTERRUPTED;
  for (const signal of SIGNALS) signals.on(signal, () => running.stop());
  const showProgress = (line: string) => stdio.err(`\r\x1b[K${line}`, () => undefined);
  const progress = stdio.errTerminal
    ? setInterval(() => showProgress(progressText(running.progress())), PROGRESS_MS)
    : undefined;
  try {
    const result = await running.run();
    if (stdio.errTerminal) showProgress("");
    await stdio.out(flags.json === true ? resultJson(whole, result) : resultText(whole, result));
    return errorCount(result) > 0 ? EXIT_FAILED : 0;
  } finally {
    clearInterval(progress);
  }
}

/** @throws {Failure} options that do not go together */
function wholeOf(text: string, flags: BenchFlags): Whole {
  const target = parseTarget(text);
  const { codec, connections, expect, frame, frameBytes, maxFrameBytes, processes, rate } = flags;
  if (codec.text === "bytes") {
    throw usageFailure("option '--codec' cannot be 'bytes': a bench needs frames, as of fixed:64");
  }
  if (codec.fixed && maxFrameBytes !== undefined) {
    throw usageFailure(`option '--max-frame-bytes' does not apply to --codec ${codec.text}`);
  }
  if (frame !== undefined && frameBytes !== undefined) {
    throw usageFailure("options '--frame' and '--frame-bytes' do not go together: both define the frame");
  }
  if (connections < processes) {
    throw usageFailure(`${processes} processes cannot share ${connections} connections: raise --connections`);
  }
  const inFlight = flags.inFlight ?? (rate === undefined ? DEFAULT_IN_FLIGHT.closed : DEFAULT_IN_FLIGHT.open);
  if (inFlight * Math.ceil(connections / processes) > MOST_IN_FLIGHT) {
    throw usageFailure(`--connections times --in-flight may be at most ${MOST_IN_FLIGHT} in a process`);
  }
  const payload = frame ?? "x".repeat(frameBytes ?? fixedBytes(codec.text) ?? DEFAULT_FRAME_BYTES);
  return {
    target: target.text,
    tls: tlsOf(flags),
    codec: codec.text,
    ...(maxFrameBytes !== undefined && { maxFrameBytes: finite(maxFrameBytes) }),
    connections,
    inFlight,
    framesPerConnection: finite(flags.framesPerConnection),
    ...(rate !== undefined && { rate }),
    durationMs: flags.duration,
    warmUpMs: flags.warmUp,
    timeoutMs: finite(flags.timeout),
    connectTimeoutMs: finite(flags.connectTimeout),
    frame: base64Of(payload),
    ...(expect !== undefined && { expected: base64Of(expect) }),
    processes,
  };
}

/** JSON has no `Infinity`. */
function finite(value: number): number | null {
  return value === Infinity ? null : value;
}

/** Returns the length of a frame of a codec whose frames have one length. */
function fixedBytes(codec: string): number | undefined {
  const [, digits] = /^fixed:(\d+)$/.exec(codec) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function tlsOf({ tls, tlsCa, tlsCert, tlsKey, tlsServerName, tlsInsecure }: BenchFlags): Whole["tls"] {
  return {
    ...(tls !== undefined && { tls }),
    ...(tlsCa !== undefined && { tlsCa }),
    ...(tlsCert !== undefined && { tlsCert }),
    ...(tlsKey !== undefined && { tlsKey }),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(tlsInsecure !== undefined && { tlsInsecure }),
  };
}

function base64Of(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

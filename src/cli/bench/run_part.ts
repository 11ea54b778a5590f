import { createInterface } from "node:readline";
import { clearInterval, setInterval } from "node:timers";
import type { Environment } from "../environment.ts";
import { EXIT_FAILED, Failure } from "../failure.ts";
import type { Load } from "./load.ts";
import { loadOfPart } from "./load_of_part.ts";
import { encodeResult } from "./load_result.ts";
import type { FromPart, ToPart } from "./part.ts";

const PROGRESS_MS = 1_000;

/** Generates a part of a load, as the process that has started this one says on stdin. Fulfils with the exit code. */
export async function runPart(environment: Environment): Promise<number> {
  const { stdio, signals } = environment;
  const say = (message: FromPart) => {
    // Without a reader, stdin ends, too.
    void stdio.out(`${JSON.stringify(message)}\n`).catch(() => undefined);
  };
  // Ctrl-C reaches all processes of a terminal: the first one decides.
  signals.on("SIGINT", () => undefined);
  let load: Load | undefined;
  let done: Promise<void> | undefined;
  for await (const line of createInterface({ input: stdio.stdin })) {
    const message = JSON.parse(line) as ToPart;
    if ("plan" in message) {
      try {
        load = await loadOfPart(message.plan, environment);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        say({ failure: error.message, exitCode: error.exitCode });
        return EXIT_FAILED;
      }
      say({ ready: true });
    } else if ("stop" in message) load?.stop();
    else if (load !== undefined) done = run(load, message.progress, say);
  }
  // The other process is gone, or has the result.
  load?.stop();
  load?.stop();
  await done;
  return 0;
}

async function run(load: Load, tellsProgress: boolean, say: (message: FromPart) => void): Promise<void> {
  const tell = () => {
    const progress = load.progress();
    say({ progress: { ...progress, latencies: progress.latencies.encode() } });
  };
  const timer = tellsProgress ? setInterval(tell, PROGRESS_MS) : undefined;
  const result = await load.run();
  clearInterval(timer);
  say({ result: encodeResult(result) });
}

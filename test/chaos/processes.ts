import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** A process, as /proc shows it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** A letter: `R` and `S` for one that lives, `T` for one that is stopped. */
  readonly state: string;
  readonly rssBytes: number;
}

const PAGE_BYTES = 4_096;

/** Returns the process of that number, unless it has ended. */
export function processOf(pid: number): ProcessInfo | undefined {
  try {
    // The name is in parentheses, and may have some itself.
    const [state = "", parent, ...rest] = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    // One that has ended, and that nobody has waited for.
    if (state === "Z" || state === "X") return undefined;
    return { pid, parent: Number(parent), state, rssBytes: Number(rest[19]) * PAGE_BYTES };
  } catch {
    return undefined;
  }
}

/** Returns every process that has this text in its command line. */
export function processesWith(text: string): ProcessInfo[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text)) return [];
    } catch {
      return [];
    }
    return processOf(Number(pid)) ?? [];
  });
}

/** Sends a signal to a process that may have ended. */
export function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

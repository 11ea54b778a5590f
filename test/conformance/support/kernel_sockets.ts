import { readFileSync } from "node:fs";
import process from "node:process";

/** Where the kernel shows its connections. */
export const shown = process.platform === "linux";

/** One end of a connection, as the kernel has it. */
export interface KernelSocket {
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: "established" | "connecting" | "other";
  /** Bytes that have arrived and that no program has read. */
  readonly unreadBytes: number;
  /** The timer that runs: `keepalive`, another's number, or `00` for none. */
  readonly timer: string;
  readonly timerMs: number;
}

const STATES: Readonly<Record<string, "established" | "connecting">> = { "01": "established", "02": "connecting" };
const TIMERS: Readonly<Record<string, string>> = { "02": "keepalive" };

const hex = (text = "") => Number.parseInt(text, 16);
const portOf = (address = "") => hex(address.split(":")[1]);

/** All ends of IPv4 connections on this machine. */
export function kernelSockets(): KernelSocket[] {
  const [, ...rows] = readFileSync("/proc/net/tcp", "utf8").trim().split("\n");
  return rows.map((row) => {
    const [, local, remote, state = "", queues = "", timers = ""] = row.trim().split(/\s+/);
    const [timer = "", left] = timers.split(":");
    return {
      localPort: portOf(local),
      remotePort: portOf(remote),
      state: STATES[state] ?? "other",
      unreadBytes: hex(queues.split(":")[1]),
      timer: TIMERS[timer] ?? timer,
      timerMs: 10 * hex(left),
    };
  });
}

/** The end at port `local` of the connection to port `remote`. */
export function kernelSocket(local: number, remote: number): KernelSocket {
  const found = kernelSockets().find(({ localPort, remotePort }) => localPort === local && remotePort === remote);
  if (found === undefined) throw new Error(`no connection from port ${local} to port ${remote}`);
  return found;
}

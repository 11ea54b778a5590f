import { spawn } from "node:child_process";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import type { Variables } from "./environment_settings.ts";

/** The longest pause between two messages of the watchdog, so that a timer can hold it. */
const LONGEST_PAUSE_MS = 3_600_000;

/** The time that the last messages may take at the end of the process. */
const LONGEST_END_MS = 1_000;

const ALIVE = "WATCHDOG=1";

/** Tells systemd of the state of this process. Never waits, and never throws. */
export interface SystemdNotifier {
  /** The service is ready. From now on the watchdog is told that it is alive, if there is one. */
  ready(): void;
  /** The service has begun to stop. The watchdog is told on. */
  stopping(): void;
  /** Tells nothing more. Fulfils when systemd has been told everything, or after a second: then the process may end. */
  close(): Promise<void>;
}

/**
 * Returns what tells systemd that the service is ready, is alive, and stops, as `sd_notify(3)` does. Without
 * `NOTIFY_SOCKET` it does nothing.
 *
 * No runtime can send datagrams to a Unix socket, so it starts `systemd-notify` for each message. The message comes from
 * a child process: the unit needs `NotifyAccess=all`. With `WatchdogSec=`, it is sent after every half of that time; a
 * process whose event loop is blocked sends nothing. `report` is called with the first reason why nothing could be sent.
 */
export function systemdNotifier(env: Variables, pid: number, report: (message: string) => void): SystemdNotifier {
  if ((env["NOTIFY_SOCKET"] ?? "") === "") return { ready() {}, stopping() {}, close: () => Promise.resolve() };
  const send = sender(env, pid, report);
  const pauseMs = watchdogPauseMs(env, pid);
  let watchdog: ReturnType<typeof setInterval> | undefined;
  return {
    ready() {
      send("READY=1");
      if (pauseMs !== undefined) watchdog ??= setInterval(() => send(ALIVE), pauseMs).unref();
    },
    stopping: () => send("STOPPING=1"),
    close() {
      clearInterval(watchdog);
      return send.settled();
    },
  };
}

/** Returns half of the time after which the watchdog ends a silent process; undefined without a watchdog for this one. */
function watchdogPauseMs({ WATCHDOG_PID, WATCHDOG_USEC }: Variables, pid: number): number | undefined {
  const microseconds = Number(WATCHDOG_USEC ?? "");
  if (!Number.isInteger(microseconds) || microseconds <= 0) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid) return undefined;
  return Math.min(LONGEST_PAUSE_MS, Math.max(1, Math.floor(microseconds / 2_000)));
}

/** Sends messages one after another, in order. */
interface Sender {
  (message: string): void;
  /** Fulfils when all are sent, or after a second. */
  settled(): Promise<void>;
}

function sender(env: Variables, pid: number, report: (message: string) => void): Sender {
  let waiting = 0;
  let sent = Promise.resolve();
  let reported = false;
  const send = (message: string) => {
    // While another is held up, a further sign of life says nothing new.
    if (waiting > 0 && message === ALIVE) return;
    waiting += 1;
    sent = sent.then(async () => {
      const failure = await run(env, [`--pid=${pid}`, message]);
      waiting -= 1;
      if (failure === undefined || reported) return;
      reported = true;
      report(`systemd cannot be notified: ${failure}`);
    });
  };
  const settled = async () => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_END_MS);
    });
    await Promise.race([sent, late]);
    clearTimeout(timer);
  };
  return Object.assign(send, { settled });
}

/** Runs `systemd-notify`. Returns why it failed, if it did. */
function run(env: Variables, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      // Without --no-block: systemd does not know of which unit a process was that has ended when its message is read.
      const child = spawn("systemd-notify", args, { env, stdio: "ignore" });
      child.once("error", ({ message }) => resolve(message));
      child.once("exit", (code, signal) => {
        if (code === 0) resolve(undefined);
        else resolve(`systemd-notify ${signal === null ? `exited with ${code}` : `was ended by ${signal}`}`);
      });
      // On Deno, `unref` throws when the program could not be started.
      if (child.pid !== undefined) child.unref();
    } catch (error) {
      resolve((error as Error).message);
    }
  });
}

import { type ChildProcess, type SendHandle, spawn } from "node:child_process";
import process from "node:process";
import type { HeldSocket } from "../core/mod.ts";
import { ChildChannel } from "./child_channel.ts";
import { opened } from "./messages.ts";
import type { Exit, ProcessOwner, WorkerProcess } from "./worker.ts";

/** The descriptors of a child before those that it inherits: the standard ones, and the channel. */
const OWN_DESCRIPTORS = 4;

/** The plan of a child, which speaks with this process and gets sockets. */
export interface ChildPlan {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sockets: readonly HeldSocket[];
  /** The version of the protocol that it must speak to get them. */
  readonly version: number;
  /** Its stdin: a worker has none. */
  readonly stdin: "ignore" | "inherit";
}

/**
 * Returns the descriptors that the child will inherit the sockets as, in their order; undefined for one that has to be sent.
 */
export function inheritedDescriptors(sockets: readonly HeldSocket[]): (number | undefined)[] {
  let next = OWN_DESCRIPTORS;
  return sockets.map(({ fd }) => (fd === undefined ? undefined : next++));
}

/** A child that may outlive this process. */
export interface StartedChild extends WorkerProcess {
  /** Asks it to end, as a signal does. */
  terminate(): void;
  /** Does not wait for its end any more. */
  release(): void;
}

/** Starts a child. A socket without a descriptor is sent to the child when that says that it is up. */
export function startChild(
  { command, cwd, env, sockets, stdin, version }: ChildPlan,
  owner: ProcessOwner,
): StartedChild {
  let over = false;
  const onExit = (exit: Exit) => {
    if (over) return;
    over = true;
    owner.onExit(exit);
  };
  const [file, ...args] = command;
  const inherited = sockets.flatMap(({ fd }) => fd ?? []);
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      ...(cwd !== undefined && { cwd }),
      env,
      stdio: [stdin, "inherit", "inherit", "ipc", ...inherited],
    });
  } catch (error) {
    // In a later turn, as every other exit.
    queueMicrotask(() => onExit({ code: null, signal: null, error: (error as Error).message }));
    return { pid: undefined, send() {}, kill() {}, terminate() {}, release() {} };
  }
  child.on("error", ({ message }) => {
    if (child.pid === undefined) onExit({ code: null, signal: null, error: message });
  });
  child.on("exit", (code, signal) => onExit({ code, signal }));
  const channel = new ChildChannel(
    (message, handle) => {
      if (over || !child.connected) return;
      // The exit tells more than a failure to write.
      child.send(message, handle as SendHandle | undefined, {}, () => undefined);
    },
    "deno" in process.versions,
  );
  child.on("message", (said: unknown) => {
    const message = opened(said);
    if (message === undefined) return;
    channel.onMessage(message);
    if (message.type === "up" && message.version === version) {
      sockets.forEach(({ fd, handle }, index) => {
        if (fd === undefined && handle !== undefined) channel.sendSocket(index, handle);
      });
    }
    if (message.type === "again") {
      const handle = sockets[message.index]?.handle;
      if (handle !== undefined) channel.sendSocket(message.index, handle);
    }
    owner.onMessage(message);
  });
  const signal = (name: "SIGKILL" | "SIGTERM") => {
    if (over || child.pid === undefined) return;
    try {
      // Deno's `child.kill` closes the channel, whatever the signal.
      process.kill(child.pid, name);
    } catch {
      // It has ended, which is told in a moment: a terminal signals all processes at once.
    }
  };
  return {
    pid: child.pid,
    send: (message) => channel.send(message),
    kill: () => signal("SIGKILL"),
    terminate: () => signal("SIGTERM"),
    release: () => child.unref(),
  };
}

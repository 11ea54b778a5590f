import { type InheritedListener, inheritedListeners } from "../core/mod.ts";
import type { Variables } from "./environment_settings.ts";
import { firstLine, usageFailure } from "./failure.ts";

const ADVICE = "start this process from a systemd service with a .socket unit, or with systemd-socket-activate";

/** Which of the sockets to return, and where that was asked, in the wording of a message. */
export interface Wanted {
  readonly name: string | undefined;
  readonly origin: string;
}

/**
 * Returns the descriptors of the listening sockets that systemd has passed to this process: all of them, or those that
 * have this name.
 *
 * @throws {Failure} systemd has passed none, or none of that name, or has passed them to another process
 */
export function systemdListeners(variables: Variables, pid: number, { name, origin }: Wanted): readonly number[] {
  const refusal = (why: string) => usageFailure(`${origin} says systemd, but ${why}`);
  let all: readonly InheritedListener[];
  try {
    all = inheritedListeners(variables, pid);
  } catch (cause) {
    throw usageFailure(`${origin} says systemd, but ${firstLine(cause)}`, { cause });
  }
  if (all.length === 0) throw refusal(whyNone(variables, pid));
  const wanted = name === undefined ? all : all.filter((listener) => listener.name === name);
  if (wanted.length > 0) return wanted.map(({ fd }) => fd);
  const names = [...new Set(all.map((listener) => listener.name))].join(", ");
  throw refusal(
    `it has passed no socket with the name '${name}', but ${names}; set FileDescriptorName= in the .socket unit`,
  );
}

function whyNone({ LISTEN_FDS, LISTEN_PID }: Variables, pid: number): string {
  if (LISTEN_FDS === undefined) return `LISTEN_FDS is not set; ${ADVICE}`;
  if (LISTEN_PID === undefined) return `LISTEN_PID is not set; ${ADVICE}`;
  if (Number(LISTEN_PID) === pid) return `it has passed no socket; ${ADVICE}`;
  return (
    `its sockets are for process ${LISTEN_PID}, and this is process ${pid}; ` +
    "let systemd start the runtime itself, or end the script between them with exec"
  );
}

import type { Variables } from "./environment_settings.ts";
import { usageFailure } from "./failure.ts";
import { parseWholeNumber } from "./option_values.ts";

/** The first descriptor that systemd passes. */
const FIRST_DESCRIPTOR = 3;
/** More descriptors than this are no socket activation: the variable holds something else. */
const MOST_DESCRIPTORS = 65_536;

const ADVICE = "start this process from a systemd service with a .socket unit, or with systemd-socket-activate";

/** Which of the sockets to return, and where that was asked, in the wording of a message. */
export interface Wanted {
  readonly name: string | undefined;
  readonly origin: string;
}

/**
 * Returns the descriptors of the listening sockets that systemd has passed to this process (`LISTEN_FDS`, `LISTEN_PID`,
 * `LISTEN_FDNAMES`): all of them, or those that have this name.
 *
 * @throws {Failure} systemd has passed none, or none of that name, or has passed them to another process
 */
export function systemdListeners(variables: Variables, pid: number, { name, origin }: Wanted): readonly number[] {
  const refusal = (why: string) => usageFailure(`${origin} says systemd, but ${why}`);
  const { LISTEN_FDS = "", LISTEN_PID = "", LISTEN_FDNAMES = "" } = variables;
  if (LISTEN_FDS === "") throw refusal(`LISTEN_FDS is not set; ${ADVICE}`);
  const count = parseWholeNumber(LISTEN_FDS);
  if (count === undefined || count === 0 || count > MOST_DESCRIPTORS) {
    throw refusal(`LISTEN_FDS is '${LISTEN_FDS}'; ${ADVICE}`);
  }
  if (LISTEN_PID !== "" && LISTEN_PID !== `${pid}`) {
    throw refusal(
      `its sockets are for process ${LISTEN_PID}, and this is process ${pid}; ` +
        "let systemd start the runtime itself, or end the script between them with exec",
    );
  }
  const all = Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index);
  if (name === undefined) return all;
  const names = LISTEN_FDNAMES === "" ? [] : LISTEN_FDNAMES.split(":");
  const named = all.filter((_, index) => names[index] === name);
  if (named.length > 0) return named;
  const known = names.length === 0 ? "LISTEN_FDNAMES is not set" : `their names are ${[...new Set(names)].join(", ")}`;
  throw refusal(
    `it has passed no socket with the name '${name}' (${known}); set FileDescriptorName= in the .socket unit`,
  );
}

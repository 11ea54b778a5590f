import { SpillwayError } from "../errors/errors.ts";

/** The first descriptor that a service manager hands over, behind the standard ones. */
const FIRST_FD = 3;

/** Far more sockets than a unit has. */
const MOST_LISTENERS = 1_024;

/** The most characters of a name, as systemd has it. */
const MOST_NAME_CHARACTERS = 255;

/** The name of a socket whose unit names none. */
const NO_NAME = "unknown";

/** The variables of a process. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** A bound socket that the service manager has handed to this process. */
export interface InheritedListener {
  /** For `listen({ fd })`. */
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit. Default: the name of that unit; `unknown` if none was passed. */
  readonly name: string;
}

/**
 * Returns the sockets that systemd, or another program that follows `sd_listen_fds(3)`, has handed to this process: those
 * of `LISTEN_FDS`, with the names of `LISTEN_FDNAMES`, in the order of the unit. Returns none without `LISTEN_FDS`, or
 * when `LISTEN_PID` is that of another process: the variables outlive the process that they were meant for.
 *
 * Call it once, and listen on each socket once. Does not look at the descriptors.
 *
 * @throws {SpillwayError} `listen-failed`: the variables contradict the protocol
 *
 * @example
 * ```ts
 * import { inheritedListeners } from "spillway/core";
 *
 * const env = { LISTEN_FDS: "2", LISTEN_PID: "4711", LISTEN_FDNAMES: "public:admin" };
 * console.log(inheritedListeners(env, 4711)); // [{ fd: 3, name: "public" }, { fd: 4, name: "admin" }]
 * ```
 */
export function inheritedListeners(env: EnvironmentVariables, pid: number): InheritedListener[] {
  const { LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES } = env;
  if (LISTEN_FDS === undefined || LISTEN_PID === undefined) return [];
  if (wholeNumber("LISTEN_PID", LISTEN_PID, Number.MAX_SAFE_INTEGER) !== pid) return [];
  const count = wholeNumber("LISTEN_FDS", LISTEN_FDS, MOST_LISTENERS);
  const names = namesIn(LISTEN_FDNAMES, count);
  return Array.from({ length: count }, (_, index) => ({ fd: FIRST_FD + index, name: names[index] ?? NO_NAME }));
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw wrong(`${name} must be a whole number from 0 to ${most}, not ${shown(text)}`);
}

function namesIn(text: string | undefined, count: number): readonly string[] {
  if (text === undefined || count === 0) return [];
  // No more than can be right: the text may be long.
  const names = text.split(":", count + 1);
  if (names.length !== count) {
    throw wrong(`LISTEN_FDNAMES must have ${count} names with colons between, as LISTEN_FDS says, not ${shown(text)}`);
  }
  const long = names.find(({ length }) => length > MOST_NAME_CHARACTERS);
  if (long === undefined) return names;
  throw wrong(`LISTEN_FDNAMES must have names of at most ${MOST_NAME_CHARACTERS} characters, not ${shown(long)}`);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function wrong(message: string): SpillwayError {
  return new SpillwayError("listen-failed", `no sockets can be taken from the service manager: ${message}`);
}

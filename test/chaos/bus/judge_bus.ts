import type { LogRecord } from "../cluster/cluster_log.ts";
import type { Size } from "../sizes.ts";
import type { Gap } from "./gaps.ts";
import type { RoomLedger } from "./room_ledger.ts";

/** A server on the bus, from its start to its end. */
export interface Life {
  readonly origin: string;
  readonly pid: number;
  /** `killed` by the storm; `drained` because its cluster replaced it. */
  readonly end: "alive" | "drained" | "killed";
  /** The number of its lines that are known of. */
  readonly said: number;
  /** The numbers of lines that the others had said when it was first heard of. */
  readonly saidBefore: ReadonlyMap<string, number>;
}

/** A member of the room, seen from outside. */
export interface Membership {
  readonly ledger: RoomLedger;
  /** `left` because the storm wanted it. */
  readonly end: "open" | "left" | "lost";
  /** It read nothing for a while. */
  readonly wasSlow: boolean;
  /** Tells of the first line that could not come. */
  readonly error?: string;
}

/** How long it took after some acts until lines of every server reached every other one. */
export interface Heal {
  readonly acts: readonly string[];
  readonly tookMs: number;
  readonly healed: boolean;
}

/** Everything that was seen of servers on a bus in a storm. */
export interface BusCourse {
  readonly lives: readonly Life[];
  readonly members: readonly Membership[];
  readonly gaps: readonly Gap[];
  readonly heals: readonly Heal[];
  readonly sizes: readonly Size[];
  /** Lines of the logs that nothing explains. */
  readonly complaints: readonly string[];
  /** How the processes ended that were told to drain. */
  readonly ends: readonly (number | string | null)[];
  /** Processes that are left. */
  readonly left: readonly number[];
}

/** A broker that hangs is noticed after 5 s, and tried again after 2 s at most; what waits leaves 3 s later. */
export const HEAL_MS = 20_000;
/** Members of the same server wait for no broker. */
export const LOCAL_MS = 3_000;
/** Memory may grow by so much: lines wait for the broker and for members, and a heap keeps floods until it collects. */
export const SIZE_TOLERANCE_BYTES = 268_435_456;

/** Returns the promises that were broken. */
export function judgeBus(course: BusCourse): string[] {
  const { complaints, ends, heals, left, lives, members, sizes } = course;
  const heard = new Heard(members);
  return [
    ...members.flatMap((member) => judgeMember(member, course, heard) ?? []),
    ...lives.flatMap((life) => lives.flatMap((other) => judgePair(life, other, course, heard) ?? [])),
    ...heals
      .filter(({ healed }) => !healed)
      .map(({ acts, tookMs }) => `after ${acts.join(" and ")}, not all lines pass after ${Math.round(tookMs)} ms`),
    ...sizes
      .filter(({ firstBytes, mostBytes }) => mostBytes > firstBytes + SIZE_TOLERANCE_BYTES)
      .map(({ mostBytes }) => `the memory of a process grew to ${Math.round(mostBytes / 1_048_576)} MiB`),
    ...complaints.map((line) => `it complains: ${line}`),
    ...ends.filter((end) => end !== 0).map((end) => `a process ended with ${end}`),
    ...(left.length === 0 ? [] : [`processes are left: ${left.join(", ")}`]),
  ];
}

/** Whether gaps say of every line that is missing between two servers that it is. */
export function gapsFit(course: Pick<BusCourse, "gaps" | "lives" | "members">): boolean {
  const heard = new Heard(course.members);
  return course.lives.every((life) =>
    course.lives.every((other) => judgePair(life, other, course, heard) === undefined),
  );
}

/** Returns the lines of a log that the storm has not caused, with the processes that it has killed. Gaps are judged one by one. */
export function complaintsIn(records: readonly LogRecord[], killed: ReadonlySet<number>): string[] {
  return records.filter((record) => !isExplained(record, killed)).map(({ line }) => line);
}

function isExplained({ fields }: LogRecord, killed: ReadonlySet<number>): boolean {
  if (fields === undefined) return false;
  if (fields["level"] === "INFO") return true;
  switch (fields["event"]) {
    case "bus-down":
    case "bus-gap":
    case "slow-consumer":
      return true;
    case "connection-closed":
      return fields["reason"] === "slow-consumer" || fields["reason"] === "drained";
    case "drained":
      // Lines that crossed the FIN of a worker were not said.
      return fields["aborted"] === 0 || Number(fields["failed"]) <= killed.size;
    case "worker-killed":
    case "worker-ended":
      return killed.has(Number(fields["pid"]));
    case "worker-restarting":
      return killed.size > 0;
    default:
      return false;
  }
}

/** The lines that came to a server, as its members got them. */
class Heard {
  readonly #numbers = new Map<string, Set<number>>();
  static readonly #NONE: ReadonlySet<number> = new Set();

  constructor(members: readonly Membership[]) {
    for (const { ledger } of members) {
      for (const [origin, numbers] of ledger.received) {
        const pair = `${ledger.origin} ${origin}`;
        const all = this.#numbers.get(pair) ?? new Set();
        this.#numbers.set(pair, all);
        for (const number of numbers) all.add(number);
      }
    }
  }

  /** Returns the numbers of the lines of `origin` that came to `server`. */
  of(server: string, origin: string): ReadonlySet<number> {
    return this.#numbers.get(`${server} ${origin}`) ?? Heard.#NONE;
  }
}

function judgeMember(member: Membership, { lives }: BusCourse, heard: Heard): string | undefined {
  const { end, error, ledger, wasSlow } = member;
  if (error !== undefined) return error;
  const life = lives.find(({ origin }) => origin === ledger.origin);
  if (life === undefined) return `${ledger.tag} was not greeted`;
  if (end === "lost" && life.end === "alive" && !wasSlow)
    return `${ledger.tag} of process ${life.pid} lost its connection`;
  if (ledger.slowestLocalMs > LOCAL_MS && life.end !== "killed" && !wasSlow) {
    return `a line of its own server came to ${ledger.tag} after ${Math.round(ledger.slowestLocalMs)} ms`;
  }
  for (const [origin, numbers] of ledger.received) {
    const isLocal = origin === ledger.origin;
    const [first = 0, last = 0] = [isLocal ? ledger.joinedAt + 1 : numbers[0], numbers.at(-1)];
    const due = isLocal && end === "open" && life.end === "alive" ? life.said : last;
    const got = new Set([...numbers, ...(isLocal ? ledger.own : [])]);
    const all = isLocal ? undefined : heard.of(ledger.origin, origin);
    for (let number = first; number <= due; number++) {
      if (got.has(number) || all?.has(number) === false) continue;
      return isLocal
        ? `${ledger.tag} has not got line ${number} of its own server ${origin}`
        : `${ledger.tag} has not got line ${number} of ${origin}, and others in its server have`;
    }
  }
  return undefined;
}

/** Whether gaps are exactly what is missing at one server of the lines of another. */
function judgePair(life: Life, other: Life, { gaps }: Pick<BusCourse, "gaps">, heard: Heard): string | undefined {
  if (life === other) return undefined;
  const told = gaps
    .filter(({ origin, server }) => server === life.origin && origin === other.origin)
    .reduce((sum, { missed }) => sum + missed, 0);
  const { least, most } = missing(heard.of(life.origin, other.origin), life, other);
  if (told >= least && told <= most) return undefined;
  if (least === Infinity) return `nothing that process ${other.pid} said has come to process ${life.pid}`;
  return `${least === most ? least : `${least} to ${most}`} lines of process ${other.pid} are missing at process ${life.pid}, and gaps say ${told}`;
}

/** How many lines of the other server are missing: exactly so many, unless it is unknown when one of the two began or ended. */
function missing(numbers: ReadonlySet<number>, life: Life, other: Life): { least: number; most: number } {
  const before = life.saidBefore.get(other.origin) ?? 0;
  if (numbers.size === 0) {
    // It may have ended before this one heard of it.
    const both = life.end === "alive" && other.end === "alive" && other.said > before;
    return { least: both ? Infinity : 0, most: both ? Infinity : Math.max(0, other.said - before) };
  }
  // A set has them in the order of their arrival at one member and then at the next.
  let [first, last] = [Infinity, 0];
  for (const number of numbers) [first, last] = [Math.min(first, number), Math.max(last, number)];
  const within = last - first + 1 - numbers.size;
  const tail = Math.max(0, other.said - last);
  const unsure = Math.max(0, first - 1 - before);
  // What a server said last before it was killed is unknown to all others; a gap is told of a second later.
  if (life.end !== "alive") return { least: 0, most: within + tail + unsure };
  const least = within + (other.end === "killed" ? 0 : tail);
  return { least, most: within + tail + unsure };
}

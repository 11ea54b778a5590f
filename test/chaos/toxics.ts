/** A disturbance of the bytes that go in one direction. Counts of bytes are of those that were passed on before. */
export type Toxic =
  /** Everything arrives so much later. */
  | { readonly kind: "latency"; readonly ms: number }
  /** No more than so much a second. */
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** Pieces of at most so many bytes, each in a write of its own. */
  | { readonly kind: "slice"; readonly maxBytes: number }
  /** Nothing is passed on for a while, then all goes on. */
  | { readonly kind: "stall"; readonly afterBytes: number; readonly forMs: number }
  /** Both ends get RST. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** Both ends get FIN, and nothing more. */
  | { readonly kind: "limit-data"; readonly afterBytes: number }
  /** FIN in this direction. Bytes behind it are dropped; the other direction goes on. */
  | { readonly kind: "half-close"; readonly afterBytes: number };

/** The kinds of toxics. `down` is the proxy's own: it resets all that it has, and whoever comes. */
export const TOXIC_KINDS = [
  "latency",
  "bandwidth",
  "slice",
  "stall",
  "reset",
  "limit-data",
  "half-close",
  "down",
] as const;

export type ToxicKind = (typeof TOXIC_KINDS)[number];

/** The kind of a toxic that ends a direction before its source does. */
export type Cut = Extract<ToxicKind, "reset" | "limit-data" | "half-close">;

/** The toxics of a connection, by direction. */
export interface Toxics {
  readonly toServer?: readonly Toxic[];
  readonly toClient?: readonly Toxic[];
}

/** Bytes that may be forwarded in one write: 50 ms of them, at least one. */
function bytesAtOnce(bytesPerSecond: number): number {
  return Math.max(1, Math.floor(bytesPerSecond / 20));
}

interface Mark {
  readonly at: number;
  readonly toxic: Extract<Toxic, { readonly kind: "stall" | Cut }>;
}

/** The toxics of one direction, as a rule for when how many bytes may go on. Knows bytes and instants only. */
export class ToxicRule {
  readonly latencyMs: number;
  /** Bytes that were passed on. */
  passed = 0;
  readonly #maxBytes: number;
  readonly #bytesPerSecond: number;
  readonly #marks: Mark[];
  readonly #onToxic: (kind: ToxicKind) => void;
  readonly #seen = new Set<ToxicKind>();
  /** Nothing goes on before this instant. */
  #notBefore = 0;

  /** `onToxic` is told of each kind when it first does something. */
  constructor(toxics: readonly Toxic[], onToxic: (kind: ToxicKind) => void) {
    let [latencyMs, maxBytes, bytesPerSecond] = [0, Infinity, Infinity];
    const marks: Mark[] = [];
    for (const toxic of toxics) {
      if (toxic.kind === "latency") latencyMs += toxic.ms;
      else if (toxic.kind === "bandwidth") bytesPerSecond = Math.min(bytesPerSecond, toxic.bytesPerSecond);
      else if (toxic.kind === "slice") maxBytes = Math.min(maxBytes, toxic.maxBytes);
      else marks.push({ at: toxic.afterBytes, toxic });
    }
    this.latencyMs = latencyMs;
    this.#bytesPerSecond = bytesPerSecond;
    this.#maxBytes = Math.min(maxBytes, bytesAtOnce(bytesPerSecond));
    this.#marks = marks.toSorted((one, other) => one.at - other.at);
    this.#onToxic = onToxic;
  }

  /** Whether something is due at this place: a cut is given, a stall begins. */
  reach(now: number): Cut | undefined {
    for (let mark = this.#marks[0]; mark !== undefined && mark.at <= this.passed; mark = this.#marks[0]) {
      this.#marks.shift();
      this.#tell(mark.toxic.kind);
      if (mark.toxic.kind !== "stall") return mark.toxic.kind;
      this.#notBefore = Math.max(this.#notBefore, now + mark.toxic.forMs);
    }
    return undefined;
  }

  /** How long to wait with what came at `cameAt`. */
  waitMs(cameAt: number, now: number): number {
    return Math.max(0, cameAt + this.latencyMs - now, this.#notBefore - now);
  }

  /** How many of the bytes that are there may go on now, in one write; they count as passed. */
  pass(length: number, now: number): number {
    const count = Math.min(length, this.#maxBytes, (this.#marks[0]?.at ?? Infinity) - this.passed);
    this.passed += count;
    if (this.latencyMs > 0) this.#tell("latency");
    if (this.#bytesPerSecond < Infinity) {
      this.#tell("bandwidth");
      this.#notBefore = Math.max(this.#notBefore, now) + (1_000 * count) / this.#bytesPerSecond;
    } else if (count < length && count === this.#maxBytes) {
      this.#tell("slice");
    }
    return count;
  }

  #tell(kind: ToxicKind): void {
    if (this.#seen.has(kind)) return;
    this.#seen.add(kind);
    this.#onToxic(kind);
  }
}

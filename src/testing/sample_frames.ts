import type { Codec } from "../core/mod.ts";
import { encoded } from "./decoded.ts";
import { shownBytes, shownFrame } from "./frame_text.ts";
import type { Random } from "./random.ts";
import { type Writing, write, writingOf } from "./request_codec.ts";

/** A frame that clients send. */
export interface SampleFrame {
  readonly value: unknown;
  readonly bytes: Uint8Array;
  /** As a trace shows it. */
  readonly shown: string;
  /** Its place among those that the simulation knows from a quiet network. */
  readonly index: number | undefined;
}

/** The most different frames that are tried on a quiet network first. */
const MOST_KNOWN = 48;
const MOST_ATTEMPTS = 4 * MOST_KNOWN;

const WORDS = [
  "hello",
  "1",
  "42",
  "-7",
  "0",
  "a b c",
  "ping",
  "help",
  "x",
  "zwölf",
  "999999999999",
  '{"id":1}',
  "GET a",
];

/** Draws a value that a service may take for a frame, without any knowledge of the service. */
const GUESSES: readonly ((random: Random) => unknown)[] = [
  (random) =>
    random.once(12)
      ? "y".repeat(random.between(1, 200))
      : random.once(3)
        ? `${random.below(1_000)}`
        : random.pick(WORDS),
  (random) => Uint8Array.from({ length: random.between(1, 40) }, () => random.below(256)),
  (random) => random.below(200),
];
const MOST_RAW_BYTES = 16;

/** Where frames come from: the user, or a guess. */
export type FrameSource = "given" | "guessed" | "none";

/** The frames that clients of a service send. */
export class SampleFrames {
  readonly source: FrameSource;
  /** The frames that are tried on a quiet network first. */
  readonly known: readonly SampleFrame[];
  /** Whether the service's codec also speaks for clients: its encoder has written the frames, so its decoder reads replies. */
  readonly symmetric: boolean;
  /** How many given frames the service's codec takes for no frame, and the first of them. */
  readonly refused: readonly string[];
  readonly #draw: ((random: Random) => SampleFrame | undefined) | undefined;

  constructor(
    codec: Codec<unknown, unknown>,
    clientCodec: Codec<unknown, unknown> | undefined,
    frames: readonly unknown[] | ((random: Random) => unknown) | undefined,
    random: Random,
  ) {
    const refused: string[] = [];
    let symmetric = false;
    const sample = (value: unknown, index?: number): SampleFrame | undefined => {
      try {
        if (clientCodec !== undefined) return made(value, encoded(clientCodec, value), index);
        const writing = writingOf(codec, value);
        if (writing === undefined) {
          refused.push(shownFrame(value));
          return undefined;
        }
        if (writing.startsWith("the codec")) symmetric = true;
        return made(value, write(codec, value, writing), index, writing);
      } catch {
        refused.push(shownFrame(value));
        return undefined;
      }
    };
    if (frames === undefined) {
      const guess = guessFor(codec, random.fork("guess"));
      this.source = guess === undefined ? "none" : "guessed";
      this.#draw = guess && ((from) => sample(guess(from)));
    } else if (typeof frames === "function") {
      this.source = "given";
      this.#draw = (from) => sample(frames(from));
    } else this.source = "given";
    this.known = knownOf(Array.isArray(frames) ? frames : undefined, this.#draw, random.fork("known"), sample);
    this.symmetric = symmetric;
    this.refused = refused;
  }

  /** Draws a frame; `undefined` if there is none. */
  draw(random: Random): SampleFrame | undefined {
    return this.#draw?.(random) ?? this.drawKnown(random);
  }

  /** Draws one of the known frames. */
  drawKnown(random: Random): SampleFrame | undefined {
    return this.known.length === 0 ? undefined : random.pick(this.known);
  }
}

function made(value: unknown, bytes: Uint8Array, index: number | undefined, writing?: Writing): SampleFrame {
  const raw = writing === undefined || writing.startsWith("bytes");
  return { value, bytes, shown: raw ? shownBytes(bytes) : shownFrame(value), index };
}

function knownOf(
  list: readonly unknown[] | undefined,
  draw: ((random: Random) => SampleFrame | undefined) | undefined,
  random: Random,
  sample: (value: unknown, index: number) => SampleFrame | undefined,
): SampleFrame[] {
  const known: SampleFrame[] = [];
  const seen = new Set<string>();
  const add = (frame: SampleFrame | undefined): void => {
    if (frame === undefined || known.length >= MOST_KNOWN) return;
    const key = frame.bytes.join();
    if (seen.has(key)) return;
    seen.add(key);
    known.push({ ...frame, index: known.length });
  };
  for (const value of list ?? []) add(sample(value, known.length));
  if (draw !== undefined)
    for (let attempt = 0; attempt < MOST_ATTEMPTS && known.length < MOST_KNOWN; attempt++) add(draw(random));
  return known;
}

/** Returns what draws values that the codec takes for frames. */
function guessFor(codec: Codec<unknown, unknown>, random: Random): ((random: Random) => unknown) | undefined {
  for (const guess of GUESSES) {
    const tries = Array.from({ length: 8 }, () => guess(random));
    // Text and numbers that are frames only by chance, as bytes, are worth less than random bytes.
    if (tries.every((value) => writingOf(codec, value)?.startsWith("the codec"))) return guess;
  }
  for (let length = 1; length <= MOST_RAW_BYTES; length++) {
    const raw = (from: Random) => Uint8Array.from({ length }, () => from.below(256));
    if (Array.from({ length: 6 }, () => writingOf(codec, raw(random))).every((writing) => writing !== undefined))
      return raw;
  }
  const text = GUESSES[0] as (random: Random) => unknown;
  if (Array.from({ length: 8 }, () => writingOf(codec, text(random))).every((writing) => writing !== undefined))
    return text;
  return undefined;
}

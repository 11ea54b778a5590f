import { type Random, seededRandom } from "../../src/testing/random.ts";

/** The ways in which a client sends its head. */
const MANNERS = [
  "whole",
  "whole",
  "together",
  "split",
  "split",
  "slow",
  "wrong",
  "never",
  "fin",
  "reset",
  "endless",
] as const;
type Manner = (typeof MANNERS)[number];

/** The heads that the steps let through. */
const RIGHT: readonly Manner[] = ["whole", "together", "split", "slow"];
/** Some are longer than the buffer that a head is read into at first. */
const MOST_FILLING = 600;
/** More than any head may have. */
const ENDLESS_BYTES = 80_000;

/** The head of a client, and how it is sent. */
export interface Head {
  readonly text: string;
  /** Whether the steps let it through. */
  readonly right: boolean;
  /** Whether it leaves in one piece with what the client sends first. */
  readonly together: boolean;
  /** Its pieces, each with the milliseconds before it. */
  readonly pieces: readonly { readonly text: string; readonly afterMs: number }[];
  /** The act behind the last piece. */
  readonly then: "go on" | "say nothing" | "finish" | "reset";
}

/** Returns the head of a client, which depends on the seed and on its number alone. */
export function headOf(seed: number, client: number): Head {
  const random = seededRandom(seed).fork(`head ${client}`);
  const manner = random.pick(MANNERS);
  const right = RIGHT.includes(manner);
  const filling = "k".repeat(random.once(2) ? 0 : random.below(MOST_FILLING));
  const whole = `${right ? "knock" : "open up"} ${client} ${filling}\n`;
  const text = manner === "endless" ? "x".repeat(ENDLESS_BYTES) : whole;
  const cut = manner === "never" || manner === "fin" || manner === "reset";
  const sent = cut ? text.slice(0, random.below(text.length)) : text;
  return {
    text,
    right,
    together: manner === "together",
    pieces: manner === "together" ? [] : split(random, sent, manner),
    then: thenOf(manner),
  };
}

/** Whether a head is one that a client sends, unharmed. */
export function isHead(seed: number, text: string): boolean {
  const client = Number(text.match(/^(?:knock|open up) (\d+) /)?.[1]);
  return Number.isInteger(client) && headOf(seed, client).text === text;
}

function split(random: Random, text: string, manner: Manner): Head["pieces"] {
  const firstMs = manner === "slow" ? random.pick([3_000, 20_000]) : random.pick([0, 0, 1, 300]);
  if (manner !== "split") return [{ text, afterMs: firstMs }];
  const at = random.below(text.length);
  return [
    { text: text.slice(0, at), afterMs: firstMs },
    { text: text.slice(at), afterMs: random.pick([0, 1, 20, 300, 5_000]) },
  ];
}

function thenOf(manner: Manner): Head["then"] {
  if (manner === "never" || manner === "endless") return "say nothing";
  if (manner === "fin") return "finish";
  return manner === "reset" ? "reset" : "go on";
}

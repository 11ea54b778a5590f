import { type Line, line, type Span, type Tone } from "./line.ts";
import type { Look } from "./look.ts";
import { ageText, bytesText, rateText, timeText, wholeText } from "./quantities.ts";

/** Names of the phases, for people. */
const PHASES: Readonly<Record<string, readonly [text: string, tone: Tone]>> = {
  waiting: ["not listening yet", "warn"],
  serving: ["listening", "good"],
  stopped: ["accepts no more", "warn"],
  grace: ["about to drain", "warn"],
  draining: ["draining", "warn"],
  drained: ["drained", "warn"],
};
const MOST_REASONS = 12;
const LATE_LOOP_MS = 50;

/** Returns the lines about the server as a whole: the most important first. */
export function headLines({ head, rates, handlers }: Look): readonly Line[] {
  const [phase, tone] = Object.hasOwn(PHASES, head.phase) ? (PHASES[head.phase] ?? []) : [];
  const ends = head.ends.slice(0, MOST_REASONS).map(([reason, count]) => `${reason} ${wholeText(count)}`);
  const loop = timeText(head.loopDelayMs);
  return [
    joined([
      [{ text: "spillway", tone: "strong" }, { text: ` ${head.addresses.join(", ")}` }],
      line(head.runtime),
      line(head.uptimeMs === undefined ? "" : `up ${ageText(head.uptimeMs)}`),
      line(phase ?? head.phase, tone ?? "warn"),
    ]),
    joined([
      named("connections", wholeText(head.connections)),
      head.establishing > 0 ? line(`${wholeText(head.establishing)} being established`) : [],
      named("frames/s", `${rateText(rates?.framesIn)} in ${rateText(rates?.framesOut)} out`),
      named("bytes/s", `${bytesText(rates?.bytesIn)} in ${bytesText(rates?.bytesOut)} out`),
    ]),
    joined([
      named("handlers", `p50 ${timeText(handlers.p50Ms)} p99 ${timeText(handlers.p99Ms)}`),
      line(`${wholeText(head.handlers)} running`),
      named("waiting", bytesText(head.waitingBytes)),
      [
        { text: "loop delay ", tone: "dim" },
        head.loopDelayMs >= LATE_LOOP_MS ? { text: loop, tone: "warn" } : { text: loop },
      ],
    ]),
    named("ends", ends.length === 0 ? "none" : ends.join(", ")),
  ];
}

function named(name: string, text: string): Line {
  return [{ text: `${name} `, tone: "dim" }, { text }];
}

/** Joins parts that are not empty. */
function joined(parts: readonly Line[]): Line {
  const shown = parts.filter((part) => part.some(({ text }) => text !== ""));
  return shown.flatMap((part, index): Span[] => (index === 0 ? [...part] : [{ text: "   " }, ...part]));
}

import { shownBytes } from "./frame_text.ts";
import type { GeneratedClient } from "./generated_client.ts";
import type { Random } from "./random.ts";
import type { SampleFrame, SampleFrames } from "./sample_frames.ts";

/** An act of a generated client at an instant. */
export type ClientAct = {
  readonly at: number;
  /** The number of the client. */
  readonly whom: number;
} & (
  | { readonly what: "connect" | "finish" | "reset" }
  | { readonly what: "send"; readonly frame: SampleFrame }
  | { readonly what: "send bad"; readonly bytes: Uint8Array }
  | { readonly what: "read late"; readonly ms: number }
);

/** A burst of frames in one segment; a flood is more than a server handles in a slice. */
const BURSTS = [1, 1, 1, 2, 3, 8];
const FLOOD = 60;
const PAUSES_MS = [0, 0, 1, 20, 300, 3_000];
const SILENCES_MS = [100, 5_000, 60_000];

/** In most seeds clients come together, so that their frames meet in the service. */
const RUSHES_MS = [Infinity, 5_000, 500, 50];

/** Draws what the clients do, in no order. */
export function drawClientActs(random: Random, frames: SampleFrames, clients: number, spanMs: number): ClientAct[] {
  const acts: ClientAct[] = [];
  const from = Math.min(spanMs / 2, random.fork("rush").pick(RUSHES_MS));
  let number = 0;
  for (let count = 0; count < clients; count++) {
    number += 1;
    const own = random.fork(`acts of ${number}`);
    const reset = drawVisit(own, frames, number, instant(own, from), acts);
    // It comes back at once, as clients do that lost their connection.
    if (reset !== undefined && own.once(2) && count + 1 < clients) {
      count += 1;
      number += 1;
      drawVisit(own.fork("again"), frames, number, reset, acts);
    }
  }
  return acts;
}

/** Draws one connection. Returns the instant at which the client resets it, if it does. */
function drawVisit(
  random: Random,
  frames: SampleFrames,
  whom: number,
  from: number,
  acts: ClientAct[],
): number | undefined {
  let at = from;
  acts.push({ at, whom, what: "connect" });
  if (random.once(6))
    acts.push({ at: at + instant(random, 500), whom, what: "read late", ms: random.pick(SILENCES_MS) });
  const fresh = random.once(3);
  const bad = random.once(5);
  const bursts = random.below(7);
  const flood = random.once(16) ? random.below(bursts + 1) : -1;
  for (let burst = 0; burst < bursts; burst++) {
    at += instant(random, random.pick(PAUSES_MS));
    const count = burst === flood ? FLOOD : random.pick(BURSTS);
    for (let sent = 0; sent < count; sent++) {
      const frame = fresh ? frames.draw(random) : frames.drawKnown(random);
      if (frame !== undefined) acts.push({ at, whom, what: "send", frame });
    }
  }
  at += instant(random, random.pick(PAUSES_MS));
  if (bad) acts.push({ at, whom, what: "send bad", bytes: badBytes(random, frames) });
  const end = random.below(10);
  if (end < 7) acts.push({ at, whom, what: "finish" });
  if (end !== 7) return undefined;
  acts.push({ at, whom, what: "reset" });
  return at;
}

/** Random bytes, or the beginning of a frame. */
function badBytes(random: Random, frames: SampleFrames): Uint8Array {
  const frame = frames.draw(random);
  if (frame !== undefined && frame.bytes.length > 1 && random.once(2))
    return frame.bytes.subarray(0, random.between(1, frame.bytes.length - 1));
  return Uint8Array.from({ length: random.between(1, 64) }, () => random.below(256));
}

/** Makes the client do it. */
export function perform(act: ClientAct, client: GeneratedClient): void {
  switch (act.what) {
    case "connect":
      return void client.connect();
    case "finish":
      return client.finish();
    case "reset":
      return client.reset();
    case "send":
      return client.send(act.frame);
    case "send bad":
      return client.sendBad(act.bytes);
    case "read late":
      return client.readLate(act.ms);
  }
}

/** Returns the act, as a trace shows it. */
export function clientActText(act: ClientAct): string {
  switch (act.what) {
    case "connect":
      return `client ${act.whom} connects`;
    case "finish":
      return `client ${act.whom} sends FIN`;
    case "reset":
      return `client ${act.whom} resets the connection`;
    case "send":
      return `client ${act.whom} sends ${act.frame.shown}`;
    case "send bad":
      return `client ${act.whom} sends ${shownBytes(act.bytes)}, no whole frame`;
    case "read late":
      return `client ${act.whom} reads nothing for ${act.ms} ms`;
  }
}

/** Draws an instant below `most` milliseconds, in binary fractions, so that sums are exact. */
export function instant(random: Random, most: number): number {
  return Math.floor((random.next() / 2 ** 32) * most * 1_024) / 1_024;
}

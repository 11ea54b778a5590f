import { Refusal } from "../refusal.ts";
import type { Of } from "./merged_connections.ts";
import type { Outcome } from "./worker_questions.ts";

/** Returns the answers that have come, and whose they are. */
export function valuesOf<Value>(outcomes: readonly Outcome<Value>[]): Of<Value>[] {
  return outcomes.flatMap((outcome) => {
    const { pid, slot } = outcome.worker;
    return "value" in outcome && pid !== undefined ? [{ pid, slot, answer: outcome.value }] : [];
  });
}

/** Returns an answer. @throws {Refusal} there is none */
export function valueOf<Value>(outcome: Outcome<Value>): Value {
  if ("value" in outcome) return outcome.value;
  throw "refusal" in outcome ? outcome.refusal : noAnswer(whyNot(outcome));
}

/** Names the workers that are missing in an answer, if there are any. */
export function notAnswered(outcomes: readonly Outcome<unknown>[]): { notAnswered?: object[] } {
  const missing = outcomes.filter((outcome) => !("value" in outcome));
  if (missing.length === 0) return {};
  return { notAnswered: missing.map((outcome) => ({ worker: outcome.worker.slot, why: whyNot(outcome) })) };
}

/** Why there is no answer. */
export function whyNot(outcome: Outcome<unknown>): string {
  if ("silent" in outcome) return outcome.silent;
  return "refusal" in outcome ? outcome.refusal.message : "";
}

/** A refusal because no worker answers. */
export function noAnswer(why: string): Refusal {
  return new Refusal(503, "worker-silent", why, { "Retry-After": "1" });
}

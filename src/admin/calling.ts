import { describe } from "../core/mod.ts";
import type { MetricsText } from "./admin_options.ts";
import { Refusal } from "./refusal.ts";

/** Calls a function of the user's. @throws {Refusal} it threw */
export async function calling<Result>(name: string, call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    throw new Refusal(500, "failed", `${name} threw: ${describe(cause)}`);
  }
}

/** Returns the text of metrics. @throws {Refusal} it threw, or returned no text */
export async function textOf(metrics: MetricsText): Promise<string> {
  const text: unknown = await calling("metrics.text()", () => metrics.text());
  if (typeof text === "string") return text;
  throw new Refusal(500, "failed", `metrics.text() must return a string, not ${typeof text}`);
}

/** The option that the route needs was not given. */
export function notConfigured(what: string, option: string): Refusal {
  return new Refusal(404, "not-configured", `this server offers no ${what}: see ${option}`);
}

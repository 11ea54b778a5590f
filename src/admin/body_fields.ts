import { LOG_LEVELS, type LogLevel } from "./log_level.ts";
import { Refusal } from "./refusal.ts";

/** Checks the fields of a JSON object; an absent body is an empty one. @throws {Refusal} */
export function objectOf(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "bad-request", "the body must be a JSON object");
  }
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return value as Record<string, unknown>;
  throw new Refusal(400, "bad-request", `unknown field ${JSON.stringify(unknown)}: there are ${names.join(", ")}`);
}

/** Returns the level of the log that a body asks for. @throws {Refusal} */
export function logLevelOf(body: unknown): LogLevel {
  const { level } = objectOf(body, ["level"]);
  if (LOG_LEVELS.includes(level as LogLevel)) return level as LogLevel;
  throw new Refusal(400, "bad-request", `send {"level": LEVEL}, where LEVEL is one of ${LOG_LEVELS.join(", ")}`);
}

import { nearest } from "../core/mod.ts";
import { Refusal } from "./refusal.ts";

const MOST_CHARACTERS = 256;

/** The parameters of a request. Each that a route does not know is refused, and so is each that comes twice. */
export class Query {
  readonly #parameters: URLSearchParams;

  /** @throws {Refusal} an unknown parameter, or one twice */
  constructor(parameters: URLSearchParams, names: readonly string[]) {
    const seen = new Set<string>();
    for (const [name, value] of parameters) {
      if (!names.includes(name)) throw new Refusal(400, "bad-request", `unknown parameter ${meant(name, names)}`);
      if (seen.has(name)) throw new Refusal(400, "bad-request", `the parameter ${name} comes twice`);
      if (value.length > MOST_CHARACTERS) {
        throw new Refusal(400, "bad-request", `${name} has more than ${MOST_CHARACTERS} characters`);
      }
      seen.add(name);
    }
    this.#parameters = parameters;
  }

  text(name: string): string | undefined {
    return this.#parameters.get(name) ?? undefined;
  }

  /** @throws {Refusal} not a whole number within the bounds */
  whole(name: string, otherwise: number, least: number, most: number): number {
    const text = this.#parameters.get(name);
    if (text === null) return otherwise;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new Refusal(400, "bad-request", `${name} must be a whole number from ${least} to ${most}`);
  }

  /** @throws {Refusal} none of the choices */
  choice<Choice extends string>(name: string, otherwise: Choice, choices: readonly Choice[]): Choice {
    const text = this.#parameters.get(name);
    if (text === null) return otherwise;
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new Refusal(400, "bad-request", `${name} must be one of ${choices.join(", ")}, not ${meant(text, choices)}`);
  }

  /** Whether a parameter without a value, or with `true` or `1`, is there. @throws {Refusal} another value */
  flag(name: string): boolean {
    const text = this.#parameters.get(name);
    if (text === null || text === "false" || text === "0") return false;
    if (text === "" || text === "true" || text === "1") return true;
    throw new Refusal(400, "bad-request", `${name} must be true or false`);
  }
}

function meant(name: string, names: readonly string[]): string {
  const near = name.length > 64 ? undefined : nearest(name, names);
  return `${JSON.stringify(name.slice(0, 64))}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

import { escapeText } from "../../core/mod.ts";

const MOST_TEXT = 512;
const MOST_ELEMENTS = 10_000;

/**
 * The fields of a JSON value of which nothing is known. A field that is missing or of another kind is 0, empty or absent. Text is
 * escaped here, once: whatever shows it sends no control character to a terminal.
 */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#value = isObject(value) ? value : {};
  }

  number(name: string): number {
    return this.maybeNumber(name) ?? 0;
  }

  maybeNumber(name: string): number | undefined {
    const value = this.#value[name];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#value[name] === true;
  }

  text(name: string): string {
    return this.maybeText(name) ?? "";
  }

  maybeText(name: string): string | undefined {
    return textOf(this.#value[name]);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#value, name);
  }

  object(name: string): Fields {
    return new Fields(this.#value[name]);
  }

  texts(name: string): readonly string[] {
    return this.list(name).flatMap((value) => textOf(value) ?? []);
  }

  list(name: string): readonly unknown[] {
    const value = this.#value[name];
    return Array.isArray(value) ? value.slice(0, MOST_ELEMENTS) : [];
  }

  /** The entries that are numbers. */
  numbers(): readonly (readonly [name: string, value: number])[] {
    return Object.keys(this.#value)
      .slice(0, MOST_ELEMENTS)
      .flatMap((name) => {
        const value = this.maybeNumber(name);
        return value === undefined ? [] : [[escapeText(name, MOST_TEXT), value] as const];
      });
  }

  /** The value as JSON, for people. */
  json(name: string, most: number): string {
    return escapeText(JSON.stringify(this.#value[name]) ?? "", most);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? escapeText(value, MOST_TEXT) : undefined;
}

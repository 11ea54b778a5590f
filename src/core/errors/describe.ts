/**
 * Describes thrown values as text. Any value can be thrown: an Error whose `message` getter throws, a revoked Proxy, an
 * object without a text form. No function of this module throws.
 */

/** The number of causes that are followed: a chain of causes may be circular. */
const MOST_CAUSES = 4;

/** The properties of an error, as plain values. */
export interface ErrorText {
  /** The name of the error, or the type of another value. */
  readonly name: string;
  /** The message, or another value as text. */
  readonly message: string;
  /** The stack, if there is one. */
  readonly stack?: string;
  /** The code, if there is one. */
  readonly code?: string;
  /** The cause, if there is one. */
  readonly cause?: ErrorText;
}

/**
 * Describes a thrown value for use in a message: by its `message`, by the name of an error without one, and otherwise
 * by the value's text. Never throws.
 *
 * @example
 * ```ts
 * import { describe } from "spillway/core";
 *
 * console.log(describe(new Error("no route")), describe(Symbol("odd")), describe(Object.create(null)));
 * // no route Symbol(odd) an object that cannot be described
 * ```
 */
export function describe(thrown: unknown): string {
  // On Bun, a module that cannot be parsed throws a value that has a message but is not an Error.
  const message = textProperty(thrown, "message");
  if (message !== undefined && message !== "") return message;
  if (!isError(thrown)) return textOf(thrown);
  const name = textProperty(thrown, "name") ?? "";
  return name === "" ? "an error that cannot be described" : name;
}

/**
 * Returns the properties of a thrown value, with at most `causes` of its causes. For a value that is not an Error,
 * `message` is its description.
 */
export function takeApart(thrown: unknown, causes: number = MOST_CAUSES): ErrorText {
  if (!isError(thrown)) return { name: "Error", message: describe(thrown) };
  const stack = textProperty(thrown, "stack");
  const code = textProperty(thrown, "code");
  const cause = property(thrown, "cause");
  return {
    name: textProperty(thrown, "name") ?? "Error",
    message: textProperty(thrown, "message") ?? "",
    ...(stack !== undefined && { stack }),
    ...(code !== undefined && { code }),
    ...(cause !== undefined && causes > 0 && { cause: takeApart(cause, causes - 1) }),
  };
}

/** Reports whether a value is an Error. Returns false for a revoked Proxy, which cannot be inspected. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

function textOf(thrown: unknown): string {
  try {
    // A template literal would throw for a symbol.
    return String(thrown);
  } catch {
    return `${typeof thrown === "function" ? "a function" : "an object"} that cannot be described`;
  }
}

function textProperty(thrown: unknown, name: string): string | undefined {
  const value = property(thrown, name);
  return typeof value === "string" ? value : undefined;
}

function property(thrown: unknown, name: string): unknown {
  try {
    return (thrown as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

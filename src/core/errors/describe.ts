/**
 * What was thrown, as text. Anything can be thrown: an Error whose `message` getter throws, a revoked Proxy, an object that has no
 * text. Nothing here throws.
 */

/** How far a chain of causes is followed: it may be a ring. */
const MOST_CAUSES = 4;

/** What an error says of itself, as plain values. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: ErrorText;
}

/**
 * What was thrown, for a message: what it says as its `message`, an error's name, and the text of anything else. Never throws.
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
  // What Bun throws for a module that it cannot parse has a message and is no Error.
  const message = textProperty(thrown, "message");
  if (message !== undefined && message !== "") return message;
  if (!isError(thrown)) return textOf(thrown);
  const name = textProperty(thrown, "name") ?? "";
  return name === "" ? "an error that cannot be described" : name;
}

/** Takes apart what was thrown; `causes`: how many of its causes at most. What is no error has its text as `message`. */
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

/** Whether it is an Error. False for a revoked Proxy, which cannot be asked. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

function textOf(thrown: unknown): string {
  try {
    // A template would not do: it throws for a symbol.
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

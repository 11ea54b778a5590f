import type { ErrorText } from "../core/mod.ts";

/** An error like the one that a function in a worker threw: cloning that loses its `code`, on Bun also its `cause`. */
export function putTogether({ name, message, cause, ...rest }: ErrorText): Error {
  const error = new Error(message, cause && { cause: putTogether(cause) });
  for (const [property, value] of Object.entries({ name, ...rest })) {
    Object.defineProperty(error, property, { value, configurable: true, writable: true });
  }
  return error;
}

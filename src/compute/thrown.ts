import type { ErrorText } from "../core/mod.ts";

/** Rebuilds an error that a function in a worker threw: cloning an error loses its `code`, on Bun also its `cause`. */
export function putTogether({ name, message, cause, ...rest }: ErrorText): Error {
  const error = new Error(message, cause && { cause: putTogether(cause) });
  for (const [property, value] of Object.entries({ name, ...rest })) {
    Object.defineProperty(error, property, { value, configurable: true, writable: true });
  }
  return error;
}

import { describe, SpillwayError } from "../core/mod.ts";

type BusErrorCode = "bus-unavailable" | "bus-connect-failed" | "bus-disconnected";

/** Returns the error of a bus for what a runtime or a package has thrown, without the password of an address in it. */
export function busError(code: BusErrorCode, what: string, cause: unknown): SpillwayError {
  const why = cause === undefined ? "" : `: ${describe(cause)}`;
  return new SpillwayError(code, withoutPassword(`${what}${why}`), { cause });
}

/** Hides the user and password of the addresses in a text. */
function withoutPassword(text: string): string {
  return text.replaceAll(/(\w+:\/\/)[^\s/@]*@/g, "$1***@");
}

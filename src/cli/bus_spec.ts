import { InvalidArgumentError } from "commander";
import { nearest } from "../core/mod.ts";

/** One value of `--bus`. */
export interface BusSpec {
  readonly kind: "local" | "redis" | "nats";
  /** The path of a hub, or the address of a broker; empty for the hub of the supervisor. */
  readonly place: string;
}

const FORMS = "local:/path, redis://host:port, rediss://host:port, nats://host:port, or local under --workers";
const SCHEMES = ["local", "redis", "rediss", "nats"] as const;
const PASSWORD = /(:\/\/)[^/@]*@/;

/** Parses a value of `--bus`: `local`, `local:/path`, `redis://host:port`, `rediss://host:port`, or `nats://host:port`. */
export function parseBusSpec(text: string): BusSpec {
  const [, scheme = "", rest = ""] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (scheme === "local" && !rest.startsWith("//")) return { kind: "local", place: rest };
  const host = /^\/\/(?:[^/@\s]*@)?([^/@\s]+)/.exec(rest)?.[1];
  if (host !== undefined && scheme === "nats") return { kind: "nats", place: text };
  if (host !== undefined && (scheme === "redis" || scheme === "rediss") && URL.canParse(text)) {
    return { kind: "redis", place: text };
  }
  const meant = SCHEMES.some((known) => known === scheme) ? undefined : nearest(scheme, SCHEMES);
  throw new InvalidArgumentError(`write ${FORMS}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`);
}

/** Returns a value as it may be shown: without user and password. */
export function busText({ kind, place }: BusSpec): string {
  if (kind !== "local") return place.replace(PASSWORD, "$1***@");
  return place === "" ? "local" : `local:${place}`;
}

const PREFIX = /^[\w-]{1,64}$/;

/** Parses the beginning of the topics of a bus. */
export function parseBusPrefix(text: string): string {
  if (PREFIX.test(text)) return text;
  throw new InvalidArgumentError("write 1 to 64 letters, digits, - or _");
}

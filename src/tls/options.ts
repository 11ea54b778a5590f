import { isIP } from "node:net";
import { describe } from "../core/mod.ts";
import { plainName } from "./client_hello.ts";

const VERSIONS: readonly unknown[] = ["TLSv1.2", "TLSv1.3"];
const MAX_PROTOCOL_BYTES = 255;

/** @throws {RangeError} not one of the values */
export function checkChoice(name: string, value: unknown, values: readonly unknown[]): void {
  if (value === undefined || values.includes(value)) return;
  throw new RangeError(
    `${name} must be ${values.map((one) => JSON.stringify(one)).join(" or ")}, not ${describe(value)}`,
  );
}

/** @throws {RangeError} not a version */
export function checkMinVersion(value: unknown): void {
  checkChoice("minVersion", value, VERSIONS);
}

/** @throws {TypeError} neither true nor false */
export function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`${name} must be true or false, not ${describe(value)}`);
}

/** @throws {TypeError | RangeError} not a list of protocol names */
export function checkAlpn(protocols: unknown): void {
  if (protocols === undefined) return;
  if (!Array.isArray(protocols)) throw new TypeError("alpn must be an array of protocol names");
  if (protocols.length === 0) throw new RangeError("alpn must name at least one protocol; leave it out for none");
  for (const protocol of protocols) {
    if (typeof protocol !== "string") throw new TypeError(`alpn must be names, not ${typeof protocol}`);
    const { length } = new TextEncoder().encode(protocol);
    if (length > 0 && length <= MAX_PROTOCOL_BYTES) continue;
    throw new RangeError(`a protocol in alpn must have 1 to ${MAX_PROTOCOL_BYTES} bytes, not ${length}`);
  }
}

/** @throws {TypeError} not a host name, or a numeric address */
export function checkServerName(name: unknown): void {
  if (name === undefined) return;
  if (typeof name === "string" && (plainName(name) !== undefined || isIP(name) !== 0)) return;
  throw new TypeError(`serverName must be a host name, not ${JSON.stringify(name)}`);
}

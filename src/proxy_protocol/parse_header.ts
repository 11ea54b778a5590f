import { type Bytes, checkNumber, checkOptions, type OptionNames } from "../core/mod.ts";
import { invalidHeader, quote } from "./errors.ts";
import type { ProxyHeader } from "./header.ts";
import { lengthOfV1, parseV1 } from "./v1.ts";
import { lengthOfV2, parseV2, SIGNATURE } from "./v2.ts";

const OPTIONS: OptionNames<ProxyHeaderLimits> = { versions: true, maxHeaderBytes: true };

/** The first bytes of version 1. */
const PROXY: Uint8Array = new TextEncoder().encode("PROXY ");

const DEFAULT_MAX_HEADER_BYTES = 4_096;
/** The longest header of version 2 without TLVs, that of two Unix addresses. */
const LEAST_MAX_HEADER_BYTES = 232;

/** The headers that a reader takes. */
export interface ProxyHeaderLimits {
  /** The versions that are accepted. Default: both. */
  readonly versions?: readonly (1 | 2)[];
  /**
   * The most bytes of a header. At least 232; default 4096. `Infinity` leaves the format's own limit of 65551, and for an
   * establish step 65536. A header of version 1 never has more than 107.
   */
  readonly maxHeaderBytes?: number;
}

/** Limits with their defaults. */
export type ResolvedHeaderLimits = Required<ProxyHeaderLimits>;

/** Fills in defaults. @throws {TypeError | RangeError} an invalid option */
export function resolveHeaderLimits({
  versions = [1, 2],
  maxHeaderBytes = DEFAULT_MAX_HEADER_BYTES,
}: ProxyHeaderLimits): ResolvedHeaderLimits {
  if (!areVersions(versions)) {
    throw new RangeError(`versions must be [1], [2] or [1, 2], not ${JSON.stringify(versions)}`);
  }
  checkNumber("maxHeaderBytes", maxHeaderBytes);
  const whole = maxHeaderBytes === Infinity || Number.isSafeInteger(maxHeaderBytes);
  if (!whole || maxHeaderBytes < LEAST_MAX_HEADER_BYTES) {
    throw new RangeError(
      `maxHeaderBytes must be a whole number of at least ${LEAST_MAX_HEADER_BYTES} (Infinity turns it off), not ${maxHeaderBytes}`,
    );
  }
  return { versions: [...versions], maxHeaderBytes };
}

function areVersions(versions: unknown): boolean {
  return Array.isArray(versions) && versions.length > 0 && versions.every((version) => version === 1 || version === 2);
}

/**
 * Returns the length of the header with which bytes begin, or `undefined` while it is incomplete. Refuses it at the first
 * byte that cannot belong to one.
 *
 * @throws {SpillwayError} `proxy-invalid`
 */
export function lengthOfHeader(bytes: Uint8Array, limits: ResolvedHeaderLimits): number | undefined {
  if (bytes.length === 0) return undefined;
  const version = bytes[0] === SIGNATURE[0] ? 2 : 1;
  const beginning = version === 1 ? PROXY : SIGNATURE;
  if (!limits.versions.includes(version) || !beginsWith(bytes, beginning)) {
    const expected = limits.versions.map((each) => `version ${each}`).join(" or ");
    throw invalidHeader(`expected ${expected}, got ${quote(bytes.subarray(0, SIGNATURE.length))}`);
  }
  return version === 1 ? lengthOfV1(bytes) : lengthOfV2(bytes, limits.maxHeaderBytes);
}

function beginsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, at) => at >= bytes.length || bytes[at] === byte);
}

/** Reads a whole header, of the length that {@link lengthOfHeader} has returned. @throws {SpillwayError} `proxy-invalid` */
export function readHeader(bytes: Bytes): ProxyHeader {
  return bytes[0] === SIGNATURE[0] ? parseV2(bytes) : parseV1(bytes);
}

/**
 * Reads the PROXY header with which bytes begin, of version 1 or 2. `length` is the number of its bytes: the bytes behind it
 * are not looked at. Returns `undefined` if the header is incomplete. Refuses it as soon as it cannot become valid. The work
 * is linear in the length of the header, and the result shares no memory with `bytes`.
 *
 * @throws {SpillwayError} `proxy-invalid`: the bytes begin with no valid header
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { parseProxyHeader } from "spillway/proxy-protocol";
 *
 * const bytes = new TextEncoder().encode("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello");
 * const { header, length } = parseProxyHeader(bytes) ?? {};
 * console.log(header?.source?.hostname, length); // 192.0.2.1 45
 * console.log(parseProxyHeader(bytes.subarray(0, 20))); // undefined
 * ```
 */
export function parseProxyHeader(
  bytes: Uint8Array,
  limits: ProxyHeaderLimits = {},
): { readonly header: ProxyHeader; readonly length: number } | undefined {
  checkOptions(limits, OPTIONS);
  const length = lengthOfHeader(bytes, resolveHeaderLimits(limits));
  // A copy, as the slices of a Buffer of Node are views.
  return length === undefined ? undefined : { header: readHeader(new Uint8Array(bytes.subarray(0, length))), length };
}

import { checkCount } from "../options/limits.ts";

/** The default limit of a codec. */
const DEFAULT_MAX_FRAME_BYTES = 65_536;

/**
 * Returns `maxFrameBytes` of a codec's options, or its default.
 *
 * @throws {RangeError} neither a whole number of at least 1 nor `Infinity`
 */
export function frameLimit(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES): number {
  return checkCount("maxFrameBytes", maxFrameBytes);
}

import { checkCount } from "../options/limits.ts";

/** The limit of a codec that was given none. */
const DEFAULT_MAX_FRAME_BYTES = 65_536;

/** The `maxFrameBytes` of a codec's options. @throws {RangeError} not a whole number of at least 1, nor `Infinity` */
export function frameLimit(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES): number {
  return checkCount("maxFrameBytes", maxFrameBytes);
}

/** Limits of a command. `Infinity` turns a limit off. */
export interface RespLimits {
  /** Bytes of the name and all arguments together, in an array. Default 1 MiB. */
  readonly maxFrameBytes: number;
  /** The number of arguments, including the name. Default 1024. */
  readonly maxArguments: number;
  /** Bytes of a line without its end: of an inline command, a count, or a length. Default 65536. */
  readonly maxLineBytes: number;
}

const DEFAULTS: RespLimits = { maxFrameBytes: 1_048_576, maxArguments: 1_024, maxLineBytes: 65_536 };

/** Fills in defaults. @throws {RangeError} for a limit that is not a whole number of at least 1, or `Infinity` */
export function resolveLimits(given: Partial<RespLimits>): RespLimits {
  const limits = { ...DEFAULTS, ...given };
  for (const [name, limit] of Object.entries(limits)) {
    if (limit >= 1 && (Number.isSafeInteger(limit) || limit === Infinity)) continue;
    throw new RangeError(`${name} must be a whole number of at least 1 (Infinity turns it off), not ${limit}`);
  }
  return limits;
}

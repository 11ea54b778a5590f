import { type Clock, type Connection, checkOptions, checkWhole, type OptionNames, systemClock } from "../core/mod.ts";
import { ThrottledConnection } from "./throttled_connection.ts";
import { TokenRate } from "./token_rate.ts";

const OPTIONS: OptionNames<ByteRateOptions> = { bytesPerSecond: true, burstBytes: true, clock: true };

/** The number of times a second that a connection which waits gets bytes. */
const STEPS_PER_SECOND = 10;

/** Settings of {@link byteRate}. */
export interface ByteRateOptions {
  /** The bytes of a connection that are read per second, on average. A whole number of at least 1. */
  readonly bytesPerSecond: number;
  /**
   * The bytes that are read at once after a pause. A whole number of at least 1; default: `bytesPerSecond`. With less than a
   * hundredth of `bytesPerSecond` the rate is lower than that, because timers are exact to a millisecond only.
   */
  readonly burstBytes?: number;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * Returns an establish step that limits the rate at which the bytes of a connection are read, before they are decoded.
 * Nothing is refused: the peer is slowed down by TCP. Each connection has a token bucket of its own.
 *
 * It must be the last step. A later step that reads the connection underneath is not limited, and behind `tls` the
 * decrypted bytes count.
 *
 * - **Pushes back:** at most one chunk waits beside those of the system. The reading session sees it in pieces, at most ten
 *   times a second while it waits.
 * - **Costs** a reading of the clock for each chunk. A timer runs only while bytes wait.
 * - **On abort**, and when this side closes, the bytes that wait are dropped.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { byteRate } from "spillway/admission";
 *
 * const step = byteRate({ bytesPerSecond: 65_536, burstBytes: 262_144 });
 * console.log(typeof step); // function
 * ```
 */
export function byteRate(options: ByteRateOptions): (connection: Connection) => Connection {
  checkOptions(options, OPTIONS);
  const { bytesPerSecond, burstBytes = bytesPerSecond, clock = systemClock } = options;
  checkWhole("bytesPerSecond", bytesPerSecond);
  checkWhole("burstBytes", burstBytes);
  const rate = new TokenRate(bytesPerSecond, burstBytes);
  const stepBytes = Math.min(burstBytes, Math.ceil(bytesPerSecond / STEPS_PER_SECOND));
  return (connection) => new ThrottledConnection(connection, { rate, stepBytes, clock });
}

import type { Codec } from "../../core/codecs/mod.ts";
import type { Bytes, Connection } from "../../mod.ts";

/** The load that one process generates. */
export interface LoadPlan {
  readonly connections: number;
  /** The most frames of one connection that are unanswered at once. */
  readonly inFlight: number;
  /** The frames that a connection sends before it is closed and replaced: `Infinity` for one that stays. */
  readonly framesPerConnection: number;
  /** Frames per second on all connections together, sent at planned instants; `undefined`: as fast as replies come. */
  readonly rate: number | undefined;
  readonly durationMs: number;
  /** The time before that, in which nothing is measured. */
  readonly warmUpMs: number;
  /** The time that the last replies have after the end. */
  readonly timeoutMs: number;
  /** One frame, as it is sent. */
  readonly encodedFrame: Bytes;
  /** The payload that each reply must have, if that is checked. */
  readonly expected: Bytes | undefined;
  readonly codec: Codec<Bytes, Uint8Array>;
  /** Makes a connection. */
  readonly dial: () => Promise<Connection>;
}

/**
 * The part of a load that a process of its own generates. The process gets lines of JSON on stdin, and answers with lines
 * of JSON on stdout. The end of its stdin ends it: the process that has started it is gone.
 */
import type { TlsClientFlags } from "../tls_client_flags.ts";
import type { LoadProgress } from "./load.ts";
import type { EncodedResult } from "./load_result.ts";

/** A part, as JSON. */
export interface PartPlan {
  readonly target: string;
  readonly tls: TlsClientFlags;
  readonly codec: string;
  /** `null` is `Infinity`, here and below: JSON has none. Absent: the default of the codec. */
  readonly maxFrameBytes?: number | null;
  readonly connections: number;
  readonly inFlight: number;
  readonly framesPerConnection: number | null;
  readonly rate?: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly timeoutMs: number | null;
  readonly connectTimeoutMs: number | null;
  /** The payload of a frame, in Base64. */
  readonly frame: string;
  /** The payload of a reply, in Base64. */
  readonly expected?: string;
}

/** A message to a process: its plan at first, and then when to begin and to stop. */
export type ToPart =
  | { readonly plan: PartPlan }
  /** Begin; tell the `progress` from time to time. */
  | { readonly run: true; readonly progress: boolean }
  | { readonly stop: true };

/** A message of a process. */
export type FromPart =
  /** It has its connections. */
  | { readonly ready: true }
  | { readonly progress: Omit<LoadProgress, "latencies"> & { readonly latencies: string } }
  | { readonly result: EncodedResult }
  /** It cannot go on. */
  | { readonly failure: string; readonly exitCode: number };

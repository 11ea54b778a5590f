import type { Codec } from "../codecs/codec.ts";
import type { Limits } from "../options/limits.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import type { Clock } from "../time/clock.ts";
import type { EstablishStep } from "../transport/establish.ts";
import type { ConnectOptions } from "../transport/transport.ts";
import type { ClientSession } from "./client_session.ts";
import type { HeartbeatOptions } from "./heartbeat.ts";
import type { ReconnectOptions } from "./reconnect_options.ts";

/** The checked options of a client, with defaults, and without its observer. */
export interface ClientSettings<In, Out> {
  /** The options for the transport, one set for each host. */
  readonly hosts: readonly ConnectOptions[];
  readonly codec: Codec<In, Out>;
  readonly steps: readonly EstablishStep[];
  readonly signal: AbortSignal | undefined;
  readonly onConnect: ((session: ClientSession<In, Out>) => unknown) | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxPendingRequests: number;
  readonly maxConsecutiveTimeouts: number;
  readonly heartbeat: Required<HeartbeatOptions<In, Out>> | undefined;
  readonly maxPushes: number;
  readonly isPush: (frame: In) => boolean;
  readonly slowConsumer: SlowConsumerPolicy;
  readonly reconnect: ReconnectOptions | undefined;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: () => number;
}

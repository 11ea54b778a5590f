import type { Codec } from "../codecs/codec.ts";
import type { FrameHandler } from "../handler/exchange.ts";
import type { Semaphore } from "../handler/semaphore.ts";
import type { ConnectionLimits } from "../options/limits.ts";
import type { Budgets } from "../output/budgets.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import type { Clock } from "../time/clock.ts";
import type { DeadlineQueue } from "../time/deadline.ts";
import type { EndOfTick } from "../time/end_of_tick.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { Groups } from "./groups.ts";
import type { InvalidFramePolicy } from "./invalid_frame.ts";
import type { ServerEvent } from "./observer.ts";
import type { SessionHooks } from "./session_hooks.ts";

/** The requests of a client's connection. */
export interface Asked {
  /** The instant at which the last answer was awaited: the present instant while one is. */
  readonly awaitedAt: number;
}

/** The settings that all sessions of a server or client share. */
export interface SessionSettings<In, Out, State> {
  readonly codec: Codec<In, Out>;
  /** The handler with its middleware. */
  readonly handler: FrameHandler<In, Out, State>;
  /** The hooks of the service, if it has any. */
  readonly hooks: SessionHooks<Out, State> | undefined;
  /** Whether connections begin with authentication. */
  readonly authenticates: boolean;
  readonly limits: ConnectionLimits;
  readonly invalidFrame: InvalidFramePolicy;
  readonly slowConsumer: SlowConsumerPolicy;
  readonly afterReset: "drop" | "finish";
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly semaphore: Semaphore;
  readonly scheduler: Scheduler;
  /** The budgets of a server. */
  readonly budgets?: Budgets;
  /** The requests of a client. If present, frames are replies, and are not replied to. */
  readonly asked?: Asked;
  readonly groups: Groups;
  readonly endOfTick: EndOfTick;
  readonly observe: (event: ServerEvent) => void;
}

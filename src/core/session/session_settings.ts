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

/** What was asked of the peer, where this side is the one that asks. */
export interface Asked {
  /** When the last answer was waited for; the present instant while one is. */
  readonly awaitedAt: number;
}

/** What all sessions of one server share, or of one client. */
export interface SessionSettings<In, Out, State> {
  readonly codec: Codec<In, Out>;
  /** With the middleware around it. */
  readonly handler: FrameHandler<In, Out, State>;
  /** What the service wants to be told, if anything. */
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
  /** A server's: what may wait of all its connections. */
  readonly budgets?: Budgets;
  /** A client's: frames are answers then, and none of them is answered. */
  readonly asked?: Asked;
  readonly groups: Groups;
  readonly endOfTick: EndOfTick;
  readonly observe: (event: ServerEvent) => void;
}

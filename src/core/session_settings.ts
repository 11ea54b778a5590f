import type { Budgets } from "./budgets.ts";
import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import type { DeadlineQueue } from "./deadline.ts";
import type { EndOfTurn } from "./end_of_turn.ts";
import type { FrameHandler } from "./exchange.ts";
import type { Groups } from "./group.ts";
import type { InvalidFramePolicy } from "./invalid_frame.ts";
import type { Limits } from "./limits.ts";
import type { ServerEvent } from "./observer.ts";
import type { Permits } from "./permits.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Service } from "./service.ts";
import type { SessionLoop } from "./session_loop.ts";
import type { SlowConsumerPolicy } from "./slow_consumer.ts";

/** What was asked of the other side, where this side is the one that asks. */
export interface Asked {
  /** When the last answer was waited for; the present instant while one is. */
  readonly awaitedAt: number;
}

/** What a service is told of a connection, besides its frames. */
export type Hooks<In, Out, State> = {
  readonly [Hook in "state" | "onConnect" | "onDisconnect" | "onDrain" | "onEnd"]?:
    | Service<In, Out, State>[Hook]
    | undefined;
};

/** What all sessions of one server share, or of one client. */
export interface SessionSettings<In, Out, State> {
  readonly codec: Codec<In, Out>;
  /** With the middleware around it. */
  readonly handler: FrameHandler<In, Out, State>;
  /** What the service wants to be told, if anything. */
  readonly hooks: Hooks<In, Out, State> | undefined;
  /** Whether connections begin with a handshake. */
  readonly handshake: boolean;
  readonly limits: Limits;
  readonly onInvalidFrame: InvalidFramePolicy;
  readonly onSlowConsumer: SlowConsumerPolicy;
  readonly afterReset: "drop" | "finish";
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly permits: Permits;
  readonly scheduler: Scheduler;
  /** A server's: what may wait of all its connections. */
  readonly budgets?: Budgets;
  /** A client's: frames are answers then, and none of them is answered. */
  readonly asked?: Asked;
  readonly groups: Groups;
  readonly endOfTurn: EndOfTurn;
  readonly observe: (event: ServerEvent) => void;
  /** A session is over. */
  readonly onOver: (session: SessionLoop<In, Out, State>) => void;
}

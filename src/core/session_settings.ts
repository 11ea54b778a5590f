import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import type { DeadlineQueue } from "./deadline.ts";
import type { ConnectionInfo, Handler } from "./exchange.ts";
import type { Limits } from "./limits.ts";
import type { ServerEvent } from "./observer.ts";
import type { Session } from "./session.ts";

/** What all sessions of one server share. */
export interface SessionSettings<In, Out> {
  readonly codec: Codec<In, Out>;
  readonly handler: Handler<In, Out>;
  readonly onDrain: ((connection: ConnectionInfo) => Out | undefined | void) | undefined;
  readonly limits: Limits;
  readonly onInvalidFrame: "close" | "skip";
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly observe: (event: ServerEvent) => void;
  /** A session is over. */
  readonly onOver: (session: Session<In, Out>) => void;
}

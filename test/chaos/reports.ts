import type { CloseReason } from "spillway";
import type { ServiceName } from "./services.ts";

/** The first message of a server under a storm. */
export interface Hello {
  readonly ports: Readonly<Record<ServiceName, number>>;
}

/** The figures of the server, all its services together. */
export interface Sample {
  readonly rss: number;
  readonly connections: number;
  readonly accepted: number;
  readonly handlers: number;
  readonly groups: number;
  readonly observerErrors: number;
}

/** How one of its connections ended. */
export interface Ended {
  readonly service: ServiceName;
  readonly id: number;
  readonly reason: CloseReason;
  readonly framesDropped: number;
}

/** The message of the server after a drain. */
export interface Drained {
  readonly drained: number;
  readonly aborted: number;
  /** How the connections ended that nobody had asked about. */
  readonly ended: readonly Ended[];
  readonly left: Sample;
}

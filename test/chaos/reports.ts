import type { CloseReason } from "spillway";
import type { ServiceName } from "./services.ts";

/** What a server under a storm says first. */
export interface Hello {
  readonly ports: Readonly<Record<ServiceName, number>>;
}

/** What it has, all its services together. */
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

/** What it says after a drain. */
export interface Drained {
  readonly drained: number;
  readonly aborted: number;
  /** How the connections ended that nobody had asked about. */
  readonly ended: readonly Ended[];
  readonly left: Sample;
}

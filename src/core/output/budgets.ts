import type { SpillwayError } from "../errors/errors.ts";
import { budgetError } from "../errors/faults.ts";
import type { ServerLimits } from "../options/limits.ts";
import type { Clock } from "../time/clock.ts";
import type { DeadlineQueue } from "../time/deadline.ts";
import { Budget, type Share } from "./budget.ts";

/** A session with a share in each budget. */
interface Sharing {
  readonly outbox: { readonly share: number };
  readonly inbox: { readonly share: number };
  breakOff(reason: "budget-exceeded", error: SpillwayError): unknown;
}

/** The budgets of a server, one for each direction. */
export class Budgets {
  readonly outbound: Budget;
  readonly inbound: Budget;

  constructor(limits: ServerLimits, clock: Clock, deadlines: DeadlineQueue, sessions: Iterable<Sharing>) {
    const budgetOf = (limit: "maxTotalOutboundBytes" | "maxTotalInboundBytes", side: "outbox" | "inbox") => {
      const shareOf = (session: Sharing): Share => ({
        bytes: session[side].share,
        end: () => void session.breakOff("budget-exceeded", budgetError(limit)),
      });
      return new Budget(limits[limit], clock, deadlines, () => Array.from(sessions, shareOf));
    };
    this.outbound = budgetOf("maxTotalOutboundBytes", "outbox");
    this.inbound = budgetOf("maxTotalInboundBytes", "inbox");
  }
}

import { SpillwayError } from "../errors/errors.ts";
import type { ServedSession } from "../session/served_session.ts";
import { Tracker } from "./tracker.ts";

/** The number of refused connections that may get a fault frame at the same time. Further ones are reset. */
const MAX_REFUSALS = 1_024;

/** The connections beyond `maxConnections` that get a fault frame. */
export class Refusals<In, Out, State> extends Tracker<ServedSession<In, Out, State>> {
  /** The number of all refused connections. */
  count = 0;
  readonly #maxConnections: number;

  constructor(maxConnections: number) {
    super();
    this.#maxConnections = maxConnections;
  }

  refuse(session: ServedSession<In, Out, State>): void {
    const error = new SpillwayError("too-many-connections", `more than ${this.#maxConnections} connections`);
    this.count += 1;
    const flooded = this.size >= MAX_REFUSALS;
    this.add(session);
    session.start();
    if (flooded) session.breakOff("too-many-connections", error);
    else session.fail(error);
  }
}

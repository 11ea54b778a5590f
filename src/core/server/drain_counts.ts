import type { DrainResult } from "../session/observer.ts";

/** Counts the connections that end during a shutdown, for its result. */
export class DrainCounts {
  drained = 0;
  aborted = 0;
  unconfirmed = 0;
  bytesDiscarded = 0;

  result(): DrainResult {
    const { drained, aborted, unconfirmed, bytesDiscarded } = this;
    return {
      drained,
      aborted,
      ...(unconfirmed > 0 && { unconfirmed }),
      ...(bytesDiscarded > 0 && { bytesDiscarded }),
    };
  }
}

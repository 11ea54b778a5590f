import type { AnyMiddleware, Clock, Context, Next, Reply } from "../../core/mod.ts";
import { followed } from "./followed.ts";
import type { Recorder } from "./histogram.ts";

/** Between two doublings of the gap so many handlers are timed. */
const TIMED_PER_GAP = 64;
/** No period is so busy. Without an end the gap would grow for ever where no period ends, because the observer is missing. */
const MAX_MEAN_GAP = 4_096;

/**
 * Times handlers. In each period the first 64 are all timed, then one of 2 on average, and after each further 64 one of twice as many:
 * so a quiet server times every handler, and a busy one a few hundred in a period. A handler that is timed counts as many times as
 * there are frames since the one before. The gaps are random, so that no pattern of the traffic keeps step with them.
 */
export class HandlerTimer {
  readonly middleware: AnyMiddleware;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** The mean number of frames from one that is timed to the next. */
  #meanGap = 1;
  #timedAtGap = 0;
  /** The number of frames from the last that was timed to the next, and how many of them are still to come. */
  #gap = 1;
  #left = 1;

  constructor(recorder: Recorder, clock: Clock, random: () => number) {
    this.#recorder = recorder;
    this.#clock = clock;
    this.#random = random;
    this.middleware = (frame, context, next) => {
      this.#left -= 1;
      return this.#left > 0 ? next(frame, context) : this.#time(frame, context, next);
    };
  }

  /** Begins the next period. */
  begin(): void {
    this.#meanGap = 1;
    this.#timedAtGap = 0;
    this.#gap = this.#left = 1;
  }

  #time<In, Out, State>(
    frame: In,
    context: Context<Out, State>,
    next: Next<In, Out>,
  ): Reply<Out> | PromiseLike<Reply<Out>> {
    const weight = this.#gap;
    this.#chooseNext();
    const begunAt = this.#clock.now();
    const onEnd = () => this.#recorder.record((this.#clock.now() - begunAt) / 1_000, weight);
    return followed(frame, context, next, { onEnd });
  }

  #chooseNext(): void {
    this.#timedAtGap += 1;
    if (this.#timedAtGap === TIMED_PER_GAP) {
      this.#timedAtGap = 0;
      this.#meanGap = Math.min(2 * this.#meanGap, MAX_MEAN_GAP);
    }
    this.#gap = this.#left = 1 + Math.floor(this.#random() * (2 * this.#meanGap - 1));
  }
}

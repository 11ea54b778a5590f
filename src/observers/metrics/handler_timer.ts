import type { AnyMiddleware, Clock, Context, Next, Reply } from "../../core/mod.ts";
import { followed } from "./followed.ts";
import type { Recorder } from "./histogram.ts";
import { sampled } from "./sampled.ts";

/** Of so many handlers in a period all are timed; after so many, the mean gap doubles. */
const TIMED_PER_GAP = 32;
/** No period is so busy. Without an end the gap would grow for ever where no period ends, because the observer is missing. */
const MAX_MEAN_GAP = 4_096;

/**
 * Times handlers: all of them on a quiet server, and a sample on a busy one. The mean gap from one timed frame to the next doubles after
 * each 32, and is halved at the end of a period: so about 32 to 64 are timed in a period, however many there are. A timed frame counts
 * as many times as there are frames since the one before. The gaps are random, so that no pattern of the traffic keeps step with them.
 */
export class HandlerTimer {
  readonly middleware: AnyMiddleware;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #random: () => number;
  #meanGap = 1;
  /** The number of frames timed since the gap changed, and whether one was in this period. */
  #timedAtGap = 0;
  #timedInPeriod = false;
  /** The number of frames from the last that was timed to the next, and how many of them are still to come. */
  #gap = 1;
  #left = 1;

  constructor(recorder: Recorder, clock: Clock, random: () => number) {
    this.#recorder = recorder;
    this.#clock = clock;
    this.#random = random;
    const isDue = (): boolean => {
      this.#left -= 1;
      return this.#left <= 0;
    };
    this.middleware = sampled(isDue, (frame, context, next) => this.#time(frame, context, next));
  }

  /**
   * Begins the next period. When the last one timed no frame, those since the last that was timed are forgotten: they must not
   * count as a later one, which may be of another kind.
   */
  begin(): void {
    if (this.#timedInPeriod) this.#meanGap = Math.max(1, this.#meanGap / 2);
    else this.#meanGap = this.#gap = this.#left = 1;
    this.#timedAtGap = 0;
    this.#timedInPeriod = false;
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
    this.#timedInPeriod = true;
    if (this.#timedAtGap === TIMED_PER_GAP) {
      this.#timedAtGap = 0;
      this.#meanGap = Math.min(2 * this.#meanGap, MAX_MEAN_GAP);
    }
    this.#timedAtGap += 1;
    this.#gap = this.#left = 1 + Math.floor(this.#random() * (2 * this.#meanGap - 1));
  }
}

import { afterRound, type Clock } from "./clock.ts";

/** The timers of every runtime keep their delay in 31 bits. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Before a late deadline passes, rounds that bring something may go on for at least this number and this time. */
const MIN_ROUNDS = 2;
const MIN_PATIENCE_MS = 20;

/** The owner of a {@link Deadline}. */
export interface DeadlineOwner {
  /** Called at the deadline's `at` or a little later, never earlier, with the present instant. */
  onDeadline(now: number): void;
}

/**
 * An instant at which its owner is called, unless it is moved.
 *
 * An assignment to `at` moves it later: the queue looks at `at` again when the old instant comes. To arm it, or to move
 * it earlier, call {@link DeadlineQueue.arm}.
 */
export class Deadline<Owner extends DeadlineOwner = DeadlineOwner> {
  /** The instant, on the queue's clock. `Infinity`: never. */
  at: number = Infinity;
  /** The instant that the queue sorts it by, and its place in the heap. */
  queuedAt: number = Infinity;
  index: number = -1;
  readonly owner: Owner;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  /** Called before the queue looks at `at`, for subclasses that work the instant out late. */
  refresh(): void {}
}

/**
 * Any number of deadlines on one timer: a binary heap, sorted by the instant at which each deadline must be looked at.
 *
 * A busy connection moves its deadline with every chunk, which costs one assignment, and one heap operation each time
 * an old instant passes.
 *
 * After a stall (a handler that blocked the event loop, a stopped process), the timer fires before the input that came
 * meanwhile is read. So a late deadline does not pass at once. First, everything that waits runs, in rounds of the
 * event loop; a deadline that is moved or disarmed meanwhile was kept. The others pass after a round that began when
 * they were due and brought nothing, or when rounds have gone on for about as long as the deadline was late. So a stall
 * spares no peer for long.
 */
export class DeadlineQueue {
  /** Counts events: input, room for output, results. A round that leaves it unchanged brought nothing. */
  progress = 0;
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #timer: unknown;
  /** The instant at which the timer fires; `Infinity` without a timer. */
  #timerAt = Infinity;
  /**
   * The rounds that are going on: their number, the instant until which they may go on, the beginning of the last one,
   * and `progress` at that time.
   */
  #rounds = 0;
  #patientUntil = 0;
  #roundBegunAt = 0;
  #progressBefore = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of queued deadlines. */
  get size(): number {
    return this.#heap.length;
  }

  /** Makes sure that the queue looks at `deadline` no later than at `deadline.at`. */
  arm(deadline: Deadline): void {
    if (deadline.at >= deadline.queuedAt) return;
    if (deadline.index < 0) deadline.index = this.#heap.push(deadline) - 1;
    deadline.queuedAt = deadline.at;
    this.#siftUp(deadline);
    this.#setTimer();
  }

  /** Removes `deadline`. Its owner is not called until it is armed again. */
  disarm(deadline: Deadline): void {
    deadline.at = Infinity;
    if (deadline.index < 0) return;
    this.#remove(deadline);
    if (this.#heap.length === 0) this.#clearTimer();
  }

  #setTimer(): void {
    const first = this.#heap[0] as Deadline;
    if (this.#rounds > 0 || first.queuedAt >= this.#timerAt) return;
    this.#clearTimer();
    this.#timerAt = first.queuedAt;
    const delay = Math.max(0, first.queuedAt - this.#clock.now());
    this.#timer = this.#clock.setTimeout(this.#onTimer, Math.min(Math.ceil(delay), MAX_DELAY_MS));
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    const now = this.#clock.now();
    const dueAt = this.#firstDue(now);
    if (dueAt < now) return this.#startRounds(dueAt, now);
    this.#passUntil(now, now);
    this.#rest();
  };

  #startRounds(dueAt: number, now: number): void {
    this.#patientUntil = now + Math.max(MIN_PATIENCE_MS, now - dueAt);
    this.#rounds = 0;
    this.#startRound(now);
  }

  #startRound(now: number): void {
    this.#rounds += 1;
    this.#roundBegunAt = now;
    this.#progressBefore = this.progress;
    afterRound(this.#clock, this.#onRound);
  }

  readonly #onRound = (): void => {
    const now = this.#clock.now();
    if (this.#firstDue(now) === Infinity) return this.#rest();
    const patient = now < this.#patientUntil || this.#rounds < MIN_ROUNDS;
    if (patient && this.progress !== this.#progressBefore) return this.#startRound(now);
    // Deadlines that came due since the round began have not had a round.
    this.#passUntil(this.#roundBegunAt, now);
    const dueAt = this.#firstDue(now);
    if (dueAt < Infinity) this.#startRounds(dueAt, now);
    else this.#rest();
  };

  /** Ends the rounds, and sets the timer. */
  #rest(): void {
    this.#rounds = 0;
    if (this.#heap.length > 0) this.#setTimer();
    // An owner that was called may have armed a deadline that was due as well.
    else this.#clearTimer();
  }

  /**
   * Returns the instant of the first deadline that is due at `now`, or `Infinity`. Puts moved deadlines where they
   * belong.
   */
  #firstDue(now: number): number {
    for (let first = this.#heap[0]; first !== undefined && first.queuedAt <= now; first = this.#heap[0]) {
      first.refresh();
      if (first.at <= now) return first.at;
      this.#remove(first);
      this.#requeue(first);
    }
    return Infinity;
  }

  /** Calls the owners of deadlines that were due at `instant`. */
  #passUntil(instant: number, now: number): void {
    while (this.#firstDue(instant) < Infinity) this.#pass(this.#heap[0] as Deadline, now);
  }

  #pass(deadline: Deadline, now: number): void {
    this.#remove(deadline);
    deadline.at = Infinity;
    deadline.owner.onDeadline(now);
  }

  /** Queues a deadline that its owner has moved later. */
  #requeue(deadline: Deadline): void {
    if (deadline.at === Infinity) return;
    deadline.index = this.#heap.push(deadline) - 1;
    deadline.queuedAt = deadline.at;
    this.#siftUp(deadline);
  }

  #remove(deadline: Deadline): void {
    const last = this.#heap.pop() as Deadline;
    const hole = deadline.index;
    deadline.index = -1;
    deadline.queuedAt = Infinity;
    if (last === deadline) return;
    this.#place(last, hole);
    this.#siftUp(last);
    this.#siftDown(last);
  }

  #place(deadline: Deadline, index: number): void {
    this.#heap[index] = deadline;
    deadline.index = index;
  }

  #siftUp(deadline: Deadline): void {
    let index = deadline.index;
    while (index > 0) {
      const parent = this.#heap[(index - 1) >> 1] as Deadline;
      if (parent.queuedAt <= deadline.queuedAt) break;
      this.#place(parent, index);
      index = (index - 1) >> 1;
    }
    this.#place(deadline, index);
  }

  #siftDown(deadline: Deadline): void {
    const { length } = this.#heap;
    let index = deadline.index;
    for (let child = 2 * index + 1; child < length; child = 2 * index + 1) {
      const right = child + 1;
      if (right < length && this.#queuedAt(right) < this.#queuedAt(child)) child = right;
      if (this.#queuedAt(child) >= deadline.queuedAt) break;
      this.#place(this.#heap[child] as Deadline, index);
      index = child;
    }
    this.#place(deadline, index);
  }

  #queuedAt(index: number): number {
    return (this.#heap[index] as Deadline).queuedAt;
  }
}

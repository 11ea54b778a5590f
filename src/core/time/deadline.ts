import { afterRound, type Clock } from "./clock.ts";

/** Timers of every runtime keep their delay in 31 bits. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Rounds that bring something may go on for at least so many, and for at least so long, before a late deadline passes. */
const MIN_ROUNDS = 2;
const MIN_PATIENCE_MS = 20;

/** Whom a {@link Deadline} tells. */
export interface DeadlineOwner {
  /** Called with the present instant, at the deadline's `at` or a little later, never earlier. */
  onDeadline(now: number): void;
}

/**
 * An instant at which something must happen, unless it is moved before.
 *
 * Moving it later is a plain assignment to `at`: the queue looks at the number again when the old instant comes.
 * Moving it earlier, or arming it, needs {@link DeadlineQueue.arm}.
 */
export class Deadline<Owner extends DeadlineOwner = DeadlineOwner> {
  /** The instant, on the queue's clock. `Infinity`: never. */
  at: number = Infinity;
  /** Where the queue has it: the instant it is sorted by, and its place in the heap. */
  queuedAt: number = Infinity;
  index: number = -1;
  readonly owner: Owner;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  /** The queue looks at `at` now: whoever works that out late does it here. */
  refresh(): void {}
}

/**
 * Any number of deadlines on one timer.
 *
 * A binary heap ordered by when each deadline must be looked at. A busy connection moves its deadline with every chunk;
 * that costs one assignment, and one heap operation each time an old instant passes.
 *
 * After a stall (a handler that blocked the event loop, a process that was stopped) the timer fires before the input that
 * came meanwhile is read. So a deadline that is found late does not pass at once. What waits has its turn first, in rounds of
 * the event loop: a deadline that is moved or disarmed meanwhile has been kept. The others pass after a round that began when
 * they were due and brought nothing, or when rounds have gone on for about as long as the deadline was late. So nobody is
 * spared for long by a stall, whoever caused it.
 */
export class DeadlineQueue {
  /** Counts what happened: input, room for output, results. A round in which it stands still brought nothing. */
  progress = 0;
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #timer: unknown;
  /** When the timer fires; `Infinity` while there is none. */
  #timerAt = Infinity;
  /** Rounds are going on: how many, since when and until when, and how the last one began. */
  #rounds = 0;
  #patientUntil = 0;
  #roundBegunAt = 0;
  #progressBefore = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many deadlines are queued. */
  get size(): number {
    return this.#heap.length;
  }

  /** Makes sure that `deadline` is looked at no later than at `deadline.at`. */
  arm(deadline: Deadline): void {
    if (deadline.at >= deadline.queuedAt) return;
    if (deadline.index < 0) deadline.index = this.#heap.push(deadline) - 1;
    deadline.queuedAt = deadline.at;
    this.#siftUp(deadline);
    this.#setTimer();
  }

  /** Forgets `deadline`; its owner is not told until it is armed again. */
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
    // What came due since the round began has not had one.
    this.#passUntil(this.#roundBegunAt, now);
    const dueAt = this.#firstDue(now);
    if (dueAt < Infinity) this.#startRounds(dueAt, now);
    else this.#rest();
  };

  /** No rounds are needed any more. */
  #rest(): void {
    this.#rounds = 0;
    if (this.#heap.length > 0) this.#setTimer();
    // One that passed may have armed another that was due as well.
    else this.#clearTimer();
  }

  /**
   * When the first of those that are due at `now` was due; `Infinity` when none is. What was moved is put where it belongs.
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

  /** Tells the owners of those that were due at `instant`. */
  #passUntil(instant: number, now: number): void {
    while (this.#firstDue(instant) < Infinity) this.#pass(this.#heap[0] as Deadline, now);
  }

  #pass(deadline: Deadline, now: number): void {
    this.#remove(deadline);
    deadline.at = Infinity;
    deadline.owner.onDeadline(now);
  }

  /** Its owner moved it later in the meantime. */
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

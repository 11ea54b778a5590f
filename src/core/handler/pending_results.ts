/** What becomes of promises that are waited for. */
export interface PendingResultsEvents<Owner, Value> {
  onFulfilled(owner: Owner, value: Value): void;
  onRejected(owner: Owner, cause: unknown): void;
}

/** Promises that are waited for, each on behalf of its owner. While there is one at a time, that makes no closure. */
export class PendingResults<Owner, Value> {
  readonly #events: PendingResultsEvents<Owner, Value>;
  /** Whose promise has the callbacks that are made once. */
  #only: Owner | undefined;

  constructor(events: PendingResultsEvents<Owner, Value>) {
    this.#events = events;
  }

  /** @throws what looking at the promise throws */
  add(owner: Owner, promise: PromiseLike<Value>): void {
    if (this.#only !== undefined || !isNative(promise)) {
      void this.#await(owner, promise);
      return;
    }
    // As `await` would: with the method that calls back once, whatever the promise itself has under that name.
    void Promise.prototype.then.call(promise, this.#onFulfilled, this.#onRejected);
    this.#only = owner;
  }

  readonly #onFulfilled = (value: unknown): void => {
    this.#events.onFulfilled(this.#takeOnly(), value as Value);
  };

  readonly #onRejected = (cause: unknown): void => {
    this.#events.onRejected(this.#takeOnly(), cause);
  };

  #takeOnly(): Owner {
    const owner = this.#only as Owner;
    this.#only = undefined;
    return owner;
  }

  async #await(owner: Owner, promise: PromiseLike<Value>): Promise<void> {
    let value: Value;
    try {
      value = await promise;
    } catch (cause) {
      return this.#events.onRejected(owner, cause);
    }
    this.#events.onFulfilled(owner, value);
  }
}

/** Whether an answer has still to come. */
export function isPromiseLike<Value>(answer: Value | PromiseLike<Value>): answer is PromiseLike<Value> {
  return typeof answer === "object" && answer !== null && typeof (answer as PromiseLike<Value>).then === "function";
}

/** Whether `await` would take it as it is. */
function isNative(promise: PromiseLike<unknown>): promise is Promise<unknown> {
  return promise instanceof Promise && promise.constructor === Promise;
}

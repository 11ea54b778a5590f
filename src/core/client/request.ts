import { SpillwayError } from "../errors/errors.ts";
import { Deadline, type DeadlineOwner } from "../time/deadline.ts";
import type { InLine, Line } from "./line.ts";

/** How long a request of a client may take. */
export interface RequestOptions {
  /** Gives the request up. */
  readonly signal?: AbortSignal;
  /** Gives it up after so many milliseconds, counted from the call. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** Who sees to a {@link Request}. */
export interface RequestOwner<In, Out> {
  /** Its caller, or its deadline, gives it up. */
  giveUp(request: Request<In, Out>, reason: unknown): void;
  /** The same, because its time is up. */
  timeOut(request: Request<In, Out>, reason: unknown): void;
}

/**
 * A frame that asks for one, on its way there and back.
 *
 * **Owns** a listener on the caller's signal, until it is settled.
 */
export class Request<In, Out> implements DeadlineOwner, InLine<Request<In, Out>> {
  before: Request<In, Out> | undefined = undefined;
  behind: Request<In, Out> | undefined = undefined;
  readonly reply: Promise<In>;
  readonly deadline: Deadline = new Deadline(this);
  /** What is to be sent; `undefined` when it was. */
  frame: Out | undefined;
  sent = false;
  settled = false;
  /** Where it waits until it is sent. */
  line: Line<Request<In, Out>> | undefined = undefined;
  /** When it was sent: counted in requests, and in bytes that had come on its connection by then. */
  number = 0;
  heard = 0;
  readonly #owner: RequestOwner<In, Out>;
  readonly #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined = undefined;
  #fulfil!: (reply: In) => void;
  #reject!: (reason: unknown) => void;

  constructor(frame: Out, signal: AbortSignal | undefined, owner: RequestOwner<In, Out>) {
    this.frame = frame;
    this.#owner = owner;
    this.#signal = signal;
    this.reply = new Promise((fulfil, reject) => {
      this.#fulfil = fulfil;
      this.#reject = reject;
    });
    if (signal !== undefined) this.#listen(signal);
  }

  onDeadline(): void {
    const whether = this.sent ? "whether it was carried out is unknown" : "it was not sent";
    const message = `the request was not answered in time: ${whether}`;
    this.#owner.timeOut(this, new SpillwayError("request-timeout", message));
  }

  /** Nobody waits for its reply: it only keeps its place. */
  disown(): void {
    this.settled = true;
    this.#fulfil(undefined as In);
  }

  fulfil(reply: In): void {
    this.#settle();
    this.#fulfil(reply);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#reject(reason);
  }

  #listen(signal: AbortSignal): void {
    this.#onAbort = () => {
      if (isTimeout(signal.reason)) this.#owner.timeOut(this, signal.reason);
      else this.#owner.giveUp(this, signal.reason);
    };
    signal.addEventListener("abort", this.#onAbort);
  }

  #settle(): void {
    this.settled = true;
    this.frame = undefined;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

/** Whether it is what `AbortSignal.timeout` aborts with. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

import type { AcceptTurns, Address, Clock, Connection, Listener, SentSocket } from "../core/mod.ts";

/** The most connections that a worker accepts before it lets its siblings accept. */
const MOST_IN_A_TURN = 256;
/** The time that siblings have before a worker with little room listens again. */
const SIBLINGS_MS = 20;

/** The worker of a {@link SharedListener}. */
export interface SharedListenerHost {
  readonly clock: Clock;
  /** Returns the number of connections that the worker has room for, beside those that are not taken yet. */
  room(): number;
  /** Returns the number of connections that the runtime may bring when a turn is over already: 0 where it accepts one by one. */
  ahead(): number;
  /** Asks the supervisor for the socket once more. Fulfils when it has come, and never rejects. */
  askForSocket(): Promise<SentSocket>;
}

/**
 * A worker's listener on the socket that all workers share. It accepts in turns, because the runtime takes every connection that waits:
 * a full worker would keep them waiting, and one that is awake first would take all of a burst, while siblings have room.
 *
 * ```
 * state      event                                              next state
 * listening  the turn is over, and there is no room             waiting
 *            the turn is over, and the socket has come again    waiting
 *            the turn is over, otherwise                        listening, another turn
 * waiting    the accept loop asks: it has room                  listening, on the socket that has come
 *            the same, and the runtime may bring more           yielding
 * yielding   siblings had their time                            listening, on the socket that has come
 * any        finish(), close()                                  over
 * ```
 *
 * On a runtime that accepts ahead (Deno) a turn brings more connections than it has. So a worker with little room takes short turns, and
 * yields between them: siblings with more room accept first.
 *
 * To listen again takes a socket of its own, which is asked for in advance. A supervisor that does not answer changes nothing while there
 * is room.
 */
export class SharedListener implements Listener, AcceptTurns {
  readonly #listen: (socket: number | SentSocket, turns: AcceptTurns) => Promise<Listener>;
  readonly #host: SharedListenerHost;
  #listener: Listener | undefined;
  #connections: AsyncIterator<Connection> | undefined;
  #over = false;
  /** The socket for the next turn, once it has come. */
  #socket: SentSocket | undefined;
  /** Wakes the accept loop that waits for the socket. */
  #wake: (() => void) | undefined;

  private constructor(
    listen: (socket: number | SentSocket, turns: AcceptTurns) => Promise<Listener>,
    host: SharedListenerHost,
  ) {
    this.#listen = listen;
    this.#host = host;
  }

  /** Listens on the socket that the worker was started with. @throws as `listen` */
  static async open(
    listen: (socket: number | SentSocket, turns: AcceptTurns) => Promise<Listener>,
    first: number | SentSocket,
    host: SharedListenerHost,
  ): Promise<SharedListener> {
    const listener = new SharedListener(listen, host);
    await listener.#begin(first);
    return listener;
  }

  get address(): Address {
    return (this.#listener as Listener).address;
  }

  next(waiting: number): number {
    const room = this.#host.room() - waiting;
    if (room <= 0 || this.#socket !== undefined) return 0;
    return Math.min(Math.max(1, room - this.#host.ahead()), MOST_IN_A_TURN);
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return { next: () => this.#nextConnection() };
  }

  finish(): void {
    this.#end();
    const listener = this.#listener;
    if (listener?.finish === undefined) listener?.close();
    else listener.finish();
  }

  close(): void {
    this.#end();
    this.#listener?.close();
  }

  async #nextConnection(): Promise<IteratorResult<Connection, undefined>> {
    for (;;) {
      const next = await (this.#connections as AsyncIterator<Connection, undefined>).next();
      if (next.done !== true || this.#over) return next;
      if (this.#socket === undefined) await this.#whenCome();
      if (this.#hasLittleRoom()) await this.#whenSiblingsHadTime();
      const socket = this.#take();
      if (socket === undefined) return next;
      await this.#begin(socket);
      if (this.#over) this.#listener?.close();
    }
  }

  /** Fulfils when the socket has come, or this is over. */
  #whenCome(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #hasLittleRoom(): boolean {
    const ahead = this.#host.ahead();
    return !this.#over && ahead > 0 && this.#host.room() <= ahead;
  }

  /** Fulfils after a while, or when this is over. */
  #whenSiblingsHadTime(): Promise<void> {
    const { clock } = this.#host;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, SIBLINGS_MS);
      this.#wake = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  async #begin(socket: number | SentSocket): Promise<void> {
    this.#listener = await this.#listen(socket, this);
    this.#connections = this.#listener[Symbol.asyncIterator]();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#socket = await this.#host.askForSocket();
    if (this.#over) this.#end();
    else this.#wake?.();
  }

  #take(): SentSocket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    return socket;
  }

  /** Nobody listens on the socket that has come, or comes yet. */
  #end(): void {
    this.#over = true;
    closeSocket(this.#take());
    this.#wake?.();
  }
}

function closeSocket(socket: SentSocket | undefined): void {
  const handle: { close?(): void } | undefined = socket?.handle;
  handle?.close?.();
}

import { type Address, type Connection, type HeldSocket, type Listener, SpillwayError } from "../core/mod.ts";
import type { MemoryEnd } from "./memory_end.ts";
import type { MemoryListener } from "./memory_listener.ts";

/** Delivers something to a process. */
type Receive = (run: () => void) => void;

/** A process that uses a {@link SharedSocket}. */
export interface SocketUser {
  readonly receive: Receive;
  /** Told of each connection that the process takes. */
  readonly onTaken?: (end: MemoryEnd) => void;
}

/**
 * A bound socket that processes share, as those that have inherited it from one another: a connection waits until one of them
 * accepts it. When the last one has closed it, it is gone, and with it what waits.
 */
export class SharedSocket {
  /** Its descriptor, the same in all processes. */
  readonly fd: number;
  readonly #bound: MemoryListener;
  /** In the order in which they are asked: one that has taken a connection is the last to be asked for the next. */
  #listeners: readonly SharedListener[] = [];
  #users = 0;

  constructor(bound: MemoryListener, fd: number) {
    this.fd = fd;
    this.#bound = bound;
    bound.onWaiting = () => {
      // As epoll does: the first one that gets to it takes the connection, and one that stalls comes too late.
      for (const listener of this.#listeners) listener.wake();
    };
  }

  get address(): Address {
    return this.#bound.address;
  }

  isOf(listener: MemoryListener): boolean {
    return this.#bound === listener;
  }

  hold(): HeldSocket {
    const close = this.#use();
    return { address: this.address, fd: this.fd, handle: this, isInPlace: () => true, close, release: close };
  }

  listen(user: SocketUser): Listener {
    const close = this.#use();
    const listener = new SharedListener(this, user, () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
      close();
    });
    this.#listeners = [...this.#listeners, listener];
    return listener;
  }

  take(listener: SharedListener): MemoryEnd | undefined {
    const end = this.#bound.poll();
    if (end !== undefined) this.#listeners = [...this.#listeners.filter((other) => other !== listener), listener];
    return end;
  }

  #use(): () => void {
    if (this.#bound.closed) throw new SpillwayError("listen-failed", "the socket was closed everywhere");
    this.#users += 1;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#users -= 1;
      if (this.#users === 0) this.#bound.close();
    };
  }
}

interface Taker {
  readonly resolve: (result: IteratorResult<Connection, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** One process that accepts from a {@link SharedSocket}. It takes a connection only when it is asked for one. */
class SharedListener implements Listener {
  readonly address: Address;
  readonly #socket: SharedSocket;
  readonly #user: SocketUser;
  readonly #onClosed: () => void;
  #takers: Taker[] = [];
  #waking = false;
  #closed = false;

  constructor(socket: SharedSocket, user: SocketUser, onClosed: () => void) {
    this.address = socket.address;
    this.#socket = socket;
    this.#user = user;
    this.#onClosed = onClosed;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#takers.push({ resolve, reject });
          this.#take();
        }),
    };
  }

  wake(): void {
    if (this.#takers.length === 0 || this.#waking) return;
    this.#waking = true;
    this.#user.receive(() => {
      this.#waking = false;
      this.#take();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
    // Nobody is told in a process that was killed.
    this.#user.receive(() => this.#take());
  }

  #take(): void {
    for (let taker = this.#takers[0]; taker !== undefined; taker = this.#takers[0]) {
      try {
        const end = this.#closed ? undefined : this.#socket.take(this);
        if (end === undefined && !this.#closed) return;
        this.#takers.shift();
        if (end === undefined) taker.resolve({ done: true, value: undefined });
        else {
          end.enter(this.#user.receive);
          this.#user.onTaken?.(end);
          taker.resolve({ done: false, value: end.connection });
        }
      } catch (error) {
        this.#takers.shift();
        taker.reject(error);
      }
    }
  }
}

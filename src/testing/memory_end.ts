import { type Address, type Bytes, type Driver, DriverConnection, SpillwayError } from "../core/mod.ts";
import type { Link } from "./link.ts";

const GARBAGE = 0xee;

/** The settings of a pair of ends. */
export interface PairOptions {
  /** The address of the end that connects. */
  readonly near: Address;
  /** The address of the end that was connected to. */
  readonly far: Address;
  /** Returns an address in the form that the far end shows. */
  readonly shown: (hostname: string) => string;
  /** The directions: from the end that connects, and to it. */
  readonly forth: Link;
  readonly back: Link;
  /** Called when the connecting end has released its port. */
  readonly onReleased: () => void;
  /** Delivers the network's input to the far end: at once, or when its process gets to it. */
  readonly receive?: ((run: () => void) => void) | undefined;
}

/** Two connected ends: each reads the bytes that the other writes. */
export interface Pair {
  readonly near: MemoryEnd;
  readonly far: MemoryEnd;
}

export function connectedPair(options: PairOptions): Pair {
  const { near, far, shown, forth, back, onReleased, receive } = options;
  const nearEnd = new MemoryEnd(near, far, back, forth, onReleased);
  const farEnd = new MemoryEnd(mapped(far, shown), mapped(near, shown), forth, back, () => {}, receive);
  nearEnd.other = farEnd;
  farEnd.other = nearEnd;
  return { near: nearEnd, far: farEnd };
}

function mapped(address: Address, shown: (hostname: string) => string): Address {
  return address.path === undefined ? { hostname: shown(address.hostname), port: address.port } : address;
}

/** One end: a driver whose kernel is two links. No call affects the other end before the call returns. */
export class MemoryEnd implements Driver {
  readonly connection: DriverConnection;
  readonly localAddress: Address;
  readonly remoteAddress: Address;
  other!: MemoryEnd;
  /** Whether the descriptor was released. */
  over = false;
  readonly #incoming: Link;
  readonly #outgoing: Link;
  readonly #onReleased: () => void;
  #receive: (run: () => void) => void;
  /** Whether the connection has asked for input and has not refused more since. */
  #wanted = false;
  #deliveryDue = false;
  #finished = false;

  constructor(
    local: Address,
    remote: Address,
    incoming: Link,
    outgoing: Link,
    onReleased: () => void,
    receive: (run: () => void) => void = (run) => run(),
  ) {
    this.localAddress = local;
    this.remoteAddress = remote;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#onReleased = onReleased;
    this.#receive = receive;
    incoming.onReadable = () => this.#scheduleDelivery();
    outgoing.onTaken = (bytes) => this.connection.took(bytes);
    outgoing.onSent = () => this.connection.sent();
    outgoing.onRefused = (error) => this.connection.refuse(error);
    this.connection = new DriverConnection(this);
  }

  get promptWrites(): true {
    return true;
  }

  pull(): void {
    this.#wanted = true;
    this.#scheduleDelivery();
  }

  write(bytes: Uint8Array): boolean {
    return this.#outgoing.write(bytes);
  }

  /** Overwrites a chunk, as a runtime does when it reuses the memory: other references to the chunk then read garbage. */
  recycle(chunk: Bytes): void {
    chunk.fill(GARBAGE);
  }

  finish(): true {
    this.#finished = true;
    this.#outgoing.finish();
    return true;
  }

  release(): void {
    this.#release();
  }

  reset(): void {
    if (!this.over) this.#reset(() => this.#release());
  }

  /** Resets the connection, because the process of this end was killed: nobody is told here. */
  drop(): void {
    if (!this.over) this.#reset(() => this.#releaseDescriptor());
  }

  /** Makes the network's input for this end wait until its process gets to it. */
  enter(receive: (run: () => void) => void): void {
    this.#receive = receive;
    this.#outgoing.tell = receive;
  }

  #reset(release: () => void): void {
    if (this.#finished) return this.#close(release);
    this.#outgoing.break(new SpillwayError("aborted", "the connection was aborted"));
    this.#incoming.break(new SpillwayError("connection-reset", "the peer reset the connection"));
    release();
    if (!this.other.over) this.#outgoing.reset(() => this.other.#onReset());
  }

  /** Closes as a kernel does: bytes sent before FIN still arrive; bytes that the peer sends from now on meet a reset. */
  #close(release: () => void): void {
    this.#incoming.break(new SpillwayError("connection-reset", "the peer closed the connection"));
    release();
  }

  /** Reports a broken connection to this end. */
  break(error: SpillwayError): void {
    this.#receive(() => {
      if (!this.over) this.connection.fail(error);
    });
  }

  #onReset(): void {
    this.break(new SpillwayError("connection-reset", "the peer reset the connection"));
  }

  #releaseDescriptor(): void {
    this.over = true;
    this.#onReleased();
  }

  #release(): void {
    this.#releaseDescriptor();
    queueMicrotask(() => this.connection.released());
  }

  #scheduleDelivery(): void {
    if (!this.#wanted || this.#deliveryDue) return;
    this.#deliveryDue = true;
    queueMicrotask(() => this.#receive(() => this.#deliver()));
  }

  #deliver(): void {
    this.#deliveryDue = false;
    while (this.#wanted && !this.over) {
      const chunk = this.#incoming.take();
      if (chunk !== undefined) {
        this.#wanted = this.connection.push(chunk);
        continue;
      }
      if (!this.#incoming.ended) return;
      this.#wanted = false;
      this.connection.end();
    }
  }
}

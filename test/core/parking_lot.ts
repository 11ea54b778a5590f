import type {
  Address,
  Bytes,
  Connection,
  ConnectionOwner,
  Listener,
  SpillwayError,
  Transport,
} from "../../src/core/mod.ts";

/** How the connections of a {@link ParkingLot} answer `park`. */
export type Parking = "as they do" | "never" | "not at all";

/** What it saw of its connections. */
export class ParkingLot {
  /** What `park` returned, call by call. */
  readonly answers: boolean[] = [];
  wakes = 0;
  /** Different streams that were handed out. */
  readonly streams: Set<object> = new Set();
  readonly #parking: Parking;

  constructor(parking: Parking = "as they do") {
    this.#parking = parking;
  }

  /** How often a connection was let sleep. */
  get parks(): number {
    return this.answers.filter((parked) => parked).length;
  }

  /** Goes around a transport, whose accepted connections it watches from then on. */
  readonly around = (transport: Transport): Transport => ({
    name: transport.name,
    connect: (options) => transport.connect(options),
    listen: async (options) => {
      const listener = await transport.listen(options);
      return {
        address: listener.address,
        close: () => listener.close(),
        [Symbol.asyncIterator]: () => this.#accept(listener),
      };
    },
  });

  #accept(listener: Listener): AsyncIterator<Connection> {
    const accepted = listener[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<Connection>> => {
      const { done, value } = await accepted.next();
      return done ? { done, value } : { done: false, value: this.#watch(value) };
    };
    return { next };
  }

  #watch(connection: Connection): Connection {
    const watched = new Watched(connection, this.streams);
    if (this.#parking === "not at all") return watched;
    const own = (owner: ConnectionOwner) => {
      const onWake = () => {
        this.wakes += 1;
        owner.onWake();
      };
      connection.own?.({
        onWake,
        onClosed: (error) => owner.onClosed(error),
        onDropped: (bytes) => owner.onDropped(bytes),
        onTaken: (bytes) => owner.onTaken(bytes),
      });
    };
    const park = () => {
      const parked = this.#parking === "as they do" && connection.park?.() === true;
      this.answers.push(parked);
      return parked;
    };
    return Object.assign(watched, { own, park });
  }
}

/** The connection that it is given, without `own` and `park`. */
class Watched implements Connection {
  readonly #connection: Connection;
  readonly #streams: Set<object>;

  constructor(connection: Connection, streams: Set<object>) {
    this.#connection = connection;
    this.#streams = streams;
  }

  get readable(): ReadableStream<Bytes> {
    return this.#note(this.#connection.readable);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#note(this.#connection.writable);
  }

  get remoteAddress(): Address {
    return this.#connection.remoteAddress;
  }

  get localAddress(): Address {
    return this.#connection.localAddress;
  }

  get closed(): Promise<SpillwayError | undefined> {
    return this.#connection.closed;
  }

  get promptWrites(): boolean {
    return this.#connection.promptWrites === true;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  abort(reason?: unknown): void {
    this.#connection.abort(reason);
  }

  #note<Stream extends object>(stream: Stream): Stream {
    this.#streams.add(stream);
    return stream;
  }
}

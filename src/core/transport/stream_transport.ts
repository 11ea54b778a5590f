import { describe } from "../errors/describe.ts";
import { SpillwayError } from "../errors/errors.ts";
import { acceptError } from "../errors/faults.ts";
import { AcceptQueue } from "./accept_queue.ts";
import { type StreamPair, streamConnection } from "./stream_connection.ts";
import type { Address, Connection, ConnectOptions, Listener, ListenOptions, Transport } from "./transport.ts";

/** Options of {@link streamTransport}. */
export interface StreamTransportOptions {
  /** The pairs that `listen` accepts: each becomes a connection. Without it, `listen` is refused. Default: none. */
  readonly accept?: AsyncIterable<StreamPair> | Iterable<StreamPair>;
  /**
   * Creates the pair of a connection; rejects when `signal` is aborted. An error that it throws becomes `connect-failed`,
   * except a {@link SpillwayError}. Without it, `connect` is refused. Default: none.
   */
  readonly connect?: (options: ConnectOptions) => StreamPair | PromiseLike<StreamPair>;
  /** The name of the transport. Default: `streams`. */
  readonly name?: string;
}

/**
 * Creates a transport that carries bytes through pairs of WHATWG streams, for {@link serve} and {@link connect}. Each
 * pair becomes a connection, as with {@link streamConnection}.
 *
 * Nothing is bound: hostname and port, or the path, are those that were given, and `backlog` has no effect, because the next pair is
 * taken when a connection can be served. When there are no more pairs and all their connections are over, the listener
 * ends, and with it the server. A pair that cannot be used, because a stream is locked, is an accept error, and the
 * next one is taken. An error of the iterable ends the server. Closing the listener returns the iterator, and aborts
 * the pairs that it still gives.
 *
 * @example
 * ```ts
 * import { lines, serve, streamTransport } from "spillway/core";
 *
 * const [input, output] = [new Blob(["one\ntwo\n"]).stream(), new TransformStream<Uint8Array>()];
 * const transport = streamTransport({ accept: [{ readable: input, writable: output.writable }] });
 * const server = await serve(transport, { port: 0, codec: lines(), handler: (line) => line.toUpperCase() });
 * console.log(await new Response(output.readable).text()); // ONE, TWO: a line each
 * await server.finished;
 * ```
 */
export function streamTransport(options: StreamTransportOptions): Transport {
  return new StreamTransport(options);
}

class StreamTransport implements Transport {
  readonly name: string;
  readonly #options: StreamTransportOptions;

  constructor(options: StreamTransportOptions) {
    this.name = options.name ?? "streams";
    this.#options = options;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const { accept } = this.#options;
    if (accept === undefined) throw unsupported("listen: it has no `accept`");
    const { fd, hostname, path, port } = options;
    if (fd !== undefined) throw unsupported("listen on a descriptor: fd");
    if (options.keepAliveMs !== undefined) throw unsupported("probe a connection: keepAliveMs");
    if (options.noDelay === false) throw unsupported("delay small writes: noDelay");
    if (options.ipv6Only === true) throw unsupported("leave out IPv4: ipv6Only");
    if (options.reusePort === true) throw unsupported("share a port: reusePort");
    if (options.mode !== undefined) throw unsupported("restrict who connects: mode");
    return new StreamListener(accept, path === undefined ? { hostname, port } : { path });
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { connect } = this.#options;
    if (connect === undefined) throw unsupported("connect: it has no `connect`");
    let connection: Connection;
    try {
      options.signal?.throwIfAborted();
      connection = streamConnection(await connect(options));
    } catch (cause) {
      throw connectError(cause, options);
    }
    if (options.signal?.aborted !== true) return connection;
    connection.abort();
    throw connectError(options.signal.reason, options);
  }
}

/** A listener that accepts the pairs of an iterable. */
class StreamListener implements Listener, AsyncIterator<Connection> {
  readonly address: Address;
  readonly #pairs: AsyncIterator<StreamPair> | Iterator<StreamPair>;
  readonly #queue = new AcceptQueue(1);
  /** The connections that are not over. */
  #open = 0;
  /** Whether there are no more pairs. */
  #exhausted = false;

  constructor(pairs: AsyncIterable<StreamPair> | Iterable<StreamPair>, address: Address) {
    this.address = address;
    this.#pairs = Symbol.asyncIterator in pairs ? pairs[Symbol.asyncIterator]() : pairs[Symbol.iterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Connection, undefined>> {
    if (!this.#exhausted) void this.#accept();
    return this.#queue.next();
  }

  close(): void {
    this.#queue.close();
    void this.#return();
  }

  async #accept(): Promise<void> {
    try {
      const result = await this.#pairs.next();
      if (result.done === true) this.#end();
      else this.#take(result.value);
    } catch (cause) {
      this.#queue.fail(acceptError(cause));
    }
  }

  #take(pair: StreamPair): void {
    let connection: Connection;
    try {
      connection = streamConnection(pair);
    } catch (cause) {
      const message = `a pair of streams cannot be served: ${describe(cause)}`;
      return this.#queue.fail(new SpillwayError("connection-aborted", message, { cause }));
    }
    this.#open += 1;
    void connection.closed.then(() => {
      this.#open -= 1;
      this.#finishWhenOver();
    });
    this.#queue.push(connection);
  }

  #end(): void {
    this.#exhausted = true;
    this.#finishWhenOver();
  }

  #finishWhenOver(): void {
    if (this.#exhausted && this.#open === 0) this.#queue.finish();
  }

  async #return(): Promise<void> {
    try {
      await this.#pairs.return?.();
    } catch {
      // Nobody waits for further pairs.
    }
  }
}

function unsupported(what: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", `this transport of streams cannot ${what}`);
}

function connectError(cause: unknown, { signal }: ConnectOptions): SpillwayError {
  if (signal?.aborted) return new SpillwayError("connect-aborted", "connecting was aborted", { cause });
  if (cause instanceof SpillwayError) return cause;
  return new SpillwayError("connect-failed", `cannot connect: ${describe(cause)}`, { cause });
}

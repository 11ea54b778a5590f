import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import {
  type ByteReader,
  type Bytes,
  type ByteWriter,
  type ConnectionOwner,
  describe,
  SpillwayError,
  type TransportConnection,
} from "../core/mod.ts";
import type { Carrier, CarrierOwner } from "./carrier.ts";
import { CarrierStream, type StreamCarrier } from "./carrier_stream.ts";
import type { CloseNotifyGate } from "./close_notify_gate.ts";

type Callback = (error?: Error | null) => void;

/** The bytes that may wait to be sent before the stream asks for a pause. */
const QUEUED_BYTES = 65_536;

/**
 * A connection as the carrier of a TLS socket, through a stream of Node.
 *
 * - **Owns** the connection until it is released.
 * - **Backpressure:** the connection is read while the TLS socket wants more. A write of the stream ends when the
 *   connection has taken it.
 */
export class ConnectionCarrier implements Carrier, ConnectionOwner, StreamCarrier {
  readonly stream: Duplex;
  owner: CarrierOwner | undefined;
  ended = false;
  /** Stands before a TLS implementation that must not see close_notify. */
  readonly #gate: CloseNotifyGate | undefined;
  readonly #connection: TransportConnection;
  readonly #reader: ByteReader;
  readonly #writer: ByteWriter;
  /** Whether a read is under way. Until `start`, none begins. */
  #reading = true;
  /** Whether the owner, and the TLS socket, want input. */
  #paused = false;
  #flowing = true;
  /** A chunk that came when it was not wanted any more. */
  #held: Bytes | undefined;
  /** Whether a write is under way, and its callback. */
  #writing = false;
  #onWrite: Callback | undefined;
  /** The chunks that wait behind the write under way, their bytes, and their callbacks. */
  #queue: Uint8Array[] = [];
  #queued = 0;
  #onQueue: Callback[] = [];
  #draining = false;
  /** `finishing`: FIN is asked for. `finished`: FIN was sent, or nothing can be sent any more. */
  #output: "open" | "finishing" | "finished" = "open";
  #broken = false;
  /** Is called when no write is under way. */
  #onTaken: (() => void) | undefined;
  /** Calls that wait for FIN to be sent. */
  #waiting: (() => void)[] = [];

  /** @throws {TypeError} not the connection of an establish step, or in use */
  constructor(connection: TransportConnection, gate?: CloseNotifyGate) {
    if (connection.own === undefined) throw new TypeError("TLS takes the connection of an establish step");
    this.#connection = connection;
    this.#gate = gate;
    const { reader, writer } = connection.own(this);
    this.#reader = reader;
    this.#writer = writer;
    this.stream = new CarrierStream(this);
  }

  start(socket: TLSSocket): void {
    const gate = this.#gate;
    if (gate !== undefined) socket.on("keylog", (line: Uint8Array) => gate.learn(line));
    this.#reading = false;
    this.#readOn();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#readOn();
  }

  setFlowing(flowing: boolean): void {
    this.#flowing = flowing;
    if (flowing) this.#readOn();
  }

  get idle(): boolean {
    return !this.#writing;
  }

  whenTaken(callback: () => void): void {
    // On Deno a write of the TLS socket has ended by now, and a microtask brings its records.
    queueMicrotask(() => {
      if (!this.#writing || this.#broken) callback();
      else this.#onTaken = callback;
    });
  }

  finish(callback: () => void): void {
    // On Deno a microtask brings the last records: close_notify, or the alert that says why.
    setImmediate(() => this.end(callback));
  }

  release(callback?: () => void): void {
    this.finish(() => {
      this.#connection.abort();
      callback?.();
    });
  }

  reset(socket: TLSSocket): void {
    if (socket.writableEnded) return this.#releaseBehindFin(socket);
    this.#connection.abort();
    socket.destroy();
  }

  /** A close_notify that could be sent at once is sent. */
  #releaseBehindFin(socket: TLSSocket): void {
    const release = (): void => {
      this.#connection.abort();
      socket.destroy();
    };
    setImmediate(() => {
      if (!this.#writing) this.end(release);
      else release();
    });
  }

  onClosed(error: SpillwayError | undefined): void {
    if (error !== undefined) this.#break(error);
    this.#finished();
    this.owner?.onReleased();
  }

  onDropped(): void {}

  onTaken(): void {}

  #readOn(): void {
    if (this.#paused || !this.#flowing || this.#broken) return;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) return this.#take(held);
    if (this.#reading) return;
    this.#reading = true;
    this.#reader.read().then(this.#onRead, this.#onFailed);
  }

  readonly #onRead = ({ done, value }: ReadableStreamReadResult<Bytes>): void => {
    // After the end nothing more is read.
    if (done) {
      this.ended = true;
      return this.#end(true);
    }
    this.#reading = false;
    if (this.#paused || !this.#flowing) this.#held = value;
    else this.#take(value);
  };

  #end(truncated: boolean): void {
    if (this.#gate === undefined || this.owner?.onEnd(truncated) !== true) this.stream.emit("end");
  }

  #take(chunk: Bytes): void {
    const bytes = this.#gate === undefined ? chunk : this.#gate.take(chunk);
    if (bytes.length > 0) this.stream.emit("data", bytes);
    this.#reader.recycle?.(chunk);
    if (this.#gate?.closed === true) {
      this.#reading = true;
      return this.#end(false);
    }
    // The next read is asked for within the call that brings this chunk: the runtime need not pause.
    this.#readOn();
  }

  readonly #onFailed = (cause: unknown): void => this.#break(cause);

  write(bytes: Uint8Array, callback?: Callback): boolean {
    if (this.#output !== "open" || this.#broken) return true;
    if (!this.#writing) {
      this.#send(bytes, callback);
      return !this.#writing || this.#roomy();
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (callback !== undefined) this.#onQueue.push(callback);
    return this.#roomy();
  }

  #roomy(): boolean {
    if (this.#queued < QUEUED_BYTES) return true;
    this.#draining = true;
    return false;
  }

  #send(bytes: Uint8Array, callback: Callback | undefined): void {
    this.#writing = true;
    this.#onWrite = callback;
    this.#writer.write(bytes).then(this.#onWritten, this.#onFailed);
  }

  readonly #onWritten = (): void => {
    this.#writing = false;
    const onWrite = this.#onWrite;
    this.#onWrite = undefined;
    if (this.#queue.length > 0) this.#sendQueue();
    onWrite?.();
    if (this.#writing) return;
    this.#reportTaken();
    if (this.#draining) this.#drain();
    if (this.#waiting.length > 0) this.#sendFin();
  };

  #sendQueue(): void {
    const [first] = this.#queue as [Uint8Array];
    const bytes = this.#queue.length === 1 ? first : joined(this.#queue, this.#queued);
    const callbacks = this.#onQueue;
    this.#queue = [];
    this.#onQueue = [];
    this.#queued = 0;
    this.#send(bytes, () => {
      for (const callback of callbacks) callback();
    });
  }

  #drain(): void {
    this.#draining = false;
    this.stream.emit("drain");
  }

  #reportTaken(): void {
    const onTaken = this.#onTaken;
    this.#onTaken = undefined;
    onTaken?.();
  }

  end(callback?: () => void): void {
    if (this.#output === "finished") return callback?.();
    this.#waiting.push(callback ?? (() => {}));
    this.#sendFin();
  }

  #sendFin(): void {
    if (this.#output !== "open" || this.#writing) return;
    this.#output = "finishing";
    this.#writer.close().then(() => this.#finished(), this.#onFailed);
  }

  #finished(): void {
    this.#output = "finished";
    for (const callback of this.#waiting.splice(0)) callback();
  }

  #break(cause: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#finished();
    this.owner?.onBroken(cause instanceof SpillwayError ? cause : brokenError(cause));
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function brokenError(cause: unknown): SpillwayError {
  return new SpillwayError("connection-failed", `the connection failed: ${describe(cause)}`, { cause });
}

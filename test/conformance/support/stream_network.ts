import { type StreamPair, streamTransport } from "../../../src/core/mod.ts";
import type { Connection, ConnectOptions, Listener, ListenOptions, Transport } from "../../../src/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";

/** The most bytes that wait between two ends. */
const LINK_BYTES = 65_536;

/** Both ends of a connection: what one writes, the other reads. */
interface Cable {
  readonly near: StreamPair;
  readonly far: StreamPair;
}

/**
 * A network whose connections are pairs of `TransformStream`s. Ports, addresses and the backlog are those of a network in memory: each of
 * its connections stands for one that carries the bytes.
 */
export class StreamNetwork implements Transport {
  readonly name = "streams";
  readonly #memory = memoryTransport();
  /** By the port of the end that connects, until both ends have it. */
  readonly #cables = new Map<number, Cable>();

  async listen(options: ListenOptions): Promise<Listener> {
    const listener = await this.#memory.listen(options);
    return streamTransport({ accept: this.#accept(listener) }).listen({
      backlog: options.backlog,
      ...listener.address,
    });
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { signal: _signal, ...target } = options;
    const stand = await this.#memory.connect(options);
    const cable = this.#cableOf(stand.localAddress.port as number);
    const { localAddress, remoteAddress } = stand;
    const pair = { ...cable.near, localAddress, remoteAddress };
    const connection = await streamTransport({ connect: () => pair }).connect(target);
    void connection.closed.then(() => stand.abort());
    void stand.closed.then(() => breakOff(cable.far));
    return connection;
  }

  #accept(listener: Listener): AsyncIterable<StreamPair> {
    const connections = listener[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<StreamPair>> => {
      const result = (await connections.next()) as IteratorResult<Connection, undefined>;
      if (result.done) return result;
      const { closed, localAddress, remoteAddress } = result.value;
      const port = remoteAddress.port as number;
      const cable = this.#cableOf(port);
      const { near, far } = cable;
      // Of an attempt that was given up, nobody takes the other end.
      void closed.then(() => {
        if (this.#cables.get(port) === cable) this.#cables.delete(port);
        breakOff(near);
      });
      return { value: { ...far, localAddress, remoteAddress } };
    };
    return {
      [Symbol.asyncIterator]: () => ({
        next,
        return: async () => {
          listener.close();
          return { done: true, value: undefined };
        },
      }),
    };
  }

  #cableOf(port: number): Cable {
    const known = this.#cables.get(port);
    if (known !== undefined) this.#cables.delete(port);
    const cable = known ?? newCable();
    if (known === undefined) this.#cables.set(port, cable);
    return cable;
  }
}

function newCable(): Cable {
  const [forth, back] = [newLink(), newLink()];
  return {
    near: { readable: back.readable, writable: forth.writable },
    far: { readable: forth.readable, writable: back.writable },
  };
}

function newLink(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream<Uint8Array, Uint8Array>({}, undefined, {
    highWaterMark: LINK_BYTES,
    size: ({ length }) => length,
  });
}

/** As a kernel resets what nobody has accepted. Streams that somebody has are locked, and stay as they are. */
function breakOff({ readable, writable }: StreamPair): void {
  const reason = new Error("the network broke the connection");
  readable.cancel(reason).catch(() => {});
  writable.abort(reason).catch(() => {});
}

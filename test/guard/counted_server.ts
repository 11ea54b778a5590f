import {
  type Bytes,
  type Codec,
  type Connection,
  type Listener,
  lines,
  type ServeOptions,
  type Server,
  serve,
  type Transport,
} from "../../src/core/mod.ts";
import { CountedClock } from "./counted_clock.ts";
import { CountedDriver } from "./counted_connection.ts";
import { type Counts, noCounts } from "./counts.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 1 };

/** How a {@link CountedServer} differs from one that answers lines with themselves. */
export interface CountedOptions extends Partial<ServeOptions<string, string>> {
  /** Default true. */
  readonly takesAtOnce?: boolean;
}

/** A server without a network: whoever has it is the kernel, and says what arrives. */
export class CountedServer {
  readonly counts: Counts = noCounts();
  readonly clock: CountedClock = new CountedClock(this.counts);
  readonly #drain: () => void;
  readonly #takesAtOnce: boolean;
  #server!: Server<string, string>;
  #accept!: (result: IteratorResult<Connection>) => void;

  /** `drain` runs all microtasks, within the call. */
  constructor(drain: () => void, { takesAtOnce = true, ...options }: CountedOptions = {}) {
    this.#drain = drain;
    this.#takesAtOnce = takesAtOnce;
    const echo = { port: 0, codec: lines(), handler: (line: string) => line, clock: this.clock };
    const serving = serve<string, string>(this.#transport(), { ...echo, ...options });
    void serving.then((server) => {
      this.#server = server;
    });
    drain();
  }

  /** Timers that are armed, and streams that its connections hold. */
  get held(): Record<string, number> {
    return { timers: this.clock.pending, streams: this.counts.streams };
  }

  /** A connection that was accepted. */
  connect(): CountedDriver {
    const driver = new CountedDriver(this.counts, this.#takesAtOnce);
    this.#accept({ done: false, value: driver.connection });
    this.#drain();
    return driver;
  }

  /** These bytes arrive, and all is done that follows. */
  hear(driver: CountedDriver, bytes: Bytes): void {
    driver.connection.push(bytes);
    this.#drain();
    if (this.#takesAtOnce) return;
    driver.take();
    this.#drain();
  }

  /** FIN arrives. */
  end(driver: CountedDriver): void {
    driver.connection.end();
    this.#drain();
  }

  broadcast(group: string, frame: string): void {
    this.#server.group(group).broadcast(frame);
    this.#drain();
  }

  pass(ms: number): void {
    this.clock.pass(ms);
    this.#drain();
  }

  /** Lines, whose encodings are counted. */
  static countedLines(counts: () => Counts): Codec<string> {
    const codec = lines();
    const plain = codec.encoder();
    const encode: typeof plain.encode = (frame, output) => {
      counts().encoded += 1;
      plain.encode(frame, output);
    };
    const counted = { ...plain, encode };
    return { decoder: () => codec.decoder(), encoder: () => counted };
  }

  #transport(): Transport {
    const next = () =>
      new Promise<IteratorResult<Connection>>((resolve) => {
        this.#accept = resolve;
      });
    const listener: Listener = { address: ADDRESS, close: () => {}, [Symbol.asyncIterator]: () => ({ next }) };
    return {
      name: "counted",
      listen: () => Promise.resolve(listener),
      connect: () => Promise.reject(new Error("nobody connects from here")),
    };
  }
}

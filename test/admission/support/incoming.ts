import type { Address, Connection, SpillwayError } from "../../../src/core/mod.ts";

/** An accepted connection, as far as an establish step looks at it. */
export class Incoming implements Connection {
  readonly remoteAddress: Address;
  readonly localAddress: Address = { hostname: "127.0.0.1", port: 8080 };
  readonly closed: Promise<SpillwayError | undefined>;
  /** The calls that end the connection. */
  readonly calls: string[] = [];
  #end!: (error: SpillwayError | undefined) => void;

  constructor(remoteAddress: Address) {
    this.remoteAddress = remoteAddress;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get readable(): never {
    throw new Error("the step must not read");
  }

  get writable(): never {
    throw new Error("the step must not write");
  }

  close(): Promise<void> {
    this.calls.push("close");
    return new Promise(() => {});
  }

  abort(): void {
    this.calls.push("abort");
  }

  /** Ends the connection, and lets what follows from it settle. */
  async end(error?: SpillwayError): Promise<void> {
    this.#end(error);
    await this.closed;
  }
}

let lastPort = 1_024;

/** Returns a connection from a hostname. */
export function from(hostname: string): Incoming {
  lastPort = lastPort === 65_535 ? 1_024 : lastPort + 1;
  return new Incoming({ hostname, port: lastPort });
}

/** Returns a connection from a Unix peer. */
export function fromPath(path: string): Incoming {
  return new Incoming({ path });
}

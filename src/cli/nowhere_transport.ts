import process from "node:process";
import { checkListenOptions } from "../core/mod.ts";
import type { Address, Connection, Listener, ListenOptions, Transport } from "../mod.ts";

/** Returns a transport that checks what it is asked for, and listens nowhere. `onListen` gets it. */
export function nowhereTransport(transport: Transport, onListen?: (options: ListenOptions) => void): Transport {
  return {
    name: transport.name,
    connect: (options) => transport.connect(options),
    listen: (options) => {
      checkListenOptions(options, process.platform);
      onListen?.(options);
      return Promise.resolve(new SilentListener(addressOf(options)));
    },
  };
}

function addressOf({ fd, hostname, path, port }: ListenOptions): Address {
  if (path !== undefined) return { path };
  return fd === undefined ? { hostname, port } : { path: `fd:${fd as number}` };
}

/** A listener to which nobody connects. */
class SilentListener implements Listener {
  readonly address: Address;
  readonly #ended: Promise<IteratorResult<Connection>>;
  #end!: () => void;

  constructor(address: Address) {
    this.address = address;
    this.#ended = new Promise((resolve) => {
      this.#end = () => resolve({ done: true, value: undefined });
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return { next: () => this.#ended };
  }

  finish(): void {
    this.#end();
  }

  close(): void {
    this.#end();
  }
}

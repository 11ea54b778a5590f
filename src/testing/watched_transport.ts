import type { Connection, Listener, Transport } from "../core/mod.ts";

/** Wraps a transport so that `onTaken` is called with each connection that a server takes from a listener, before the server has it. */
export function watchedTransport(transport: Transport, onTaken: (connection: Connection) => void): Transport {
  return {
    name: transport.name,
    listen: async (options) => watchedListener(await transport.listen(options), onTaken),
    connect: (options) => transport.connect(options),
    ...(transport.afterIo && { afterIo: (callback) => transport.afterIo?.(callback) }),
  };
}

function watchedListener(listener: Listener, onTaken: (connection: Connection) => void): Listener {
  return {
    address: listener.address,
    ...(listener.finish && { finish: () => listener.finish?.() }),
    close: () => listener.close(),
    [Symbol.asyncIterator]: () => {
      const connections = listener[Symbol.asyncIterator]();
      const next = () => {
        // The promise stays the same object: the server needs as many microtasks as without a watch.
        const taking = connections.next();
        taking.then(
          (result) => {
            if (result.done !== true) onTaken(result.value);
          },
          () => undefined,
        );
        return taking;
      };
      return { next };
    },
  };
}

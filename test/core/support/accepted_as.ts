import type { Listener, Transport, TransportConnection } from "../../../src/core/mod.ts";

/** Goes around a transport: what `change` gives for an accepted connection stands in for what the connection itself has. */
export function acceptedAs(
  change: (connection: TransportConnection) => Partial<TransportConnection>,
): (transport: Transport) => Transport {
  return (transport) => ({
    name: transport.name,
    connect: (options) => transport.connect(options),
    listen: async (options) => changed(await transport.listen(options), change),
  });
}

function changed(
  listener: Listener,
  change: (connection: TransportConnection) => Partial<TransportConnection>,
): Listener {
  return {
    address: listener.address,
    close: () => listener.close(),
    async *[Symbol.asyncIterator]() {
      for await (const connection of listener) yield instead(connection, change(connection));
    },
  };
}

function instead(connection: TransportConnection, changes: Partial<TransportConnection>): TransportConnection {
  return new Proxy(connection, {
    get: (target, name) => {
      const from = name in changes ? changes : target;
      const value: unknown = Reflect.get(from, name);
      return typeof value === "function" ? (...given: unknown[]): unknown => Reflect.apply(value, from, given) : value;
    },
  });
}

import type { Connection, HeldSocket, Listener, Transport } from "../core/mod.ts";
import type { MemoryEnd } from "./memory_end.ts";
import type { MemoryNetwork } from "./memory_network.ts";
import type { SocketUser } from "./shared_socket.ts";
import type { SimulatedProcess } from "./simulated_process.ts";

/** How a process connects: as its network does, with its own end. */
export type ConnectAs = (options: Parameters<Transport["connect"]>[0], user: SocketUser) => Promise<Connection>;

/**
 * Returns a network as one process uses it: what the network has for the process waits while that stalls, and when it is
 * killed, its connections are reset and its listeners and held sockets are closed.
 */
export function processTransport(
  network: Pick<MemoryNetwork, "name" | "listen" | "hold">,
  connect: ConnectAs,
  owner: SimulatedProcess,
): Transport {
  const ends = new Set<MemoryEnd>();
  const user: SocketUser = {
    receive: owner.receive,
    onTaken: (end) => {
      for (const other of ends) if (other.over) ends.delete(other);
      ends.add(end);
    },
  };
  owner.onKill(() => {
    for (const end of ends) end.drop();
    ends.clear();
  });
  return {
    name: network.name,
    listen: async (options) => owned(owner, await network.listen(options, user)),
    hold: async (options) => owned(owner, await network.hold(options)),
    connect: (options) =>
      new Promise((resolve, reject) => {
        connect(options, user).then(
          (connection) => owner.receive(() => resolve(connection)),
          (error: Error) => owner.receive(() => reject(error)),
        );
      }),
  };
}

/** Closes something when its process is killed. */
function owned<Socket extends Listener | HeldSocket>(owner: SimulatedProcess, socket: Socket): Socket {
  owner.onKill(() => socket.close());
  return socket;
}

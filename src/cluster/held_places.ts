import type { Address, HeldSocket, ListenOptions, Transport } from "../core/mod.ts";
import { SpillwayError } from "../core/mod.ts";
import { type HeldTarget, heldTarget, placeKey } from "./held_target.ts";

/**
 * How connections come to workers. `shared`: all listen on one socket, and whoever is idle takes the next connection.
 * `kernel`: each worker has a socket of its own (SO_REUSEPORT), and the kernel spreads connections evenly, also to a
 * worker that is busy.
 */
export type Balance = "shared" | "kernel";

/** A place with its sockets: one for all workers, or one for each. */
export interface HeldPlace {
  readonly place: string;
  readonly target: HeldTarget;
  readonly sockets: readonly HeldSocket[];
}

/** Returns the socket of a place for the worker of a slot. */
export function socketOf({ sockets }: HeldPlace, slot: number): HeldSocket {
  return sockets[(slot - 1) % sockets.length] as HeldSocket;
}

/**
 * Binds all places, or none. Sockets that another supervisor has handed over are taken by their place; those that
 * nobody wants are released.
 *
 * @throws as {@link Transport.listen}
 */
export async function holdPlaces(
  transport: Transport,
  wanted: readonly ListenOptions[],
  { balance, workers }: { readonly balance: Balance; readonly workers: number },
  handedOver: readonly HeldPlace[] = [],
): Promise<HeldPlace[]> {
  const hold: Hold = (options) => {
    if (transport.hold !== undefined) return transport.hold(options);
    throw unsupported(`${transport.name} cannot hold a socket for other processes`);
  };
  const free = [...handedOver];
  const held: HeldPlace[] = [];
  try {
    for (const options of wanted) {
      const place = placeKey(options);
      const index = free.findIndex((candidate) => candidate.place === place);
      if (index !== -1) held.push(...free.splice(index, 1));
      else
        held.push({
          place,
          target: heldTarget(options),
          sockets: await holdPlace(hold, options, balance, workers),
        });
    }
  } catch (error) {
    for (const { sockets } of held)
      for (const socket of sockets) if (!handedOver.some((p) => p.sockets.includes(socket))) socket.close();
    throw error;
  }
  for (const { sockets } of free) for (const socket of sockets) socket.release();
  return held;
}

type Hold = (options: ListenOptions) => Promise<HeldSocket>;

async function holdPlace(hold: Hold, options: ListenOptions, balance: Balance, workers: number): Promise<HeldSocket[]> {
  if (balance === "shared" || options.port === undefined) return [await hold(options)];
  const sockets: HeldSocket[] = [];
  try {
    let { port } = options;
    for (let slot = 0; slot < workers; slot++) {
      const socket = await hold({ ...options, port, reusePort: true });
      sockets.push(socket);
      port = (socket.address as Address & { port: number }).port;
    }
    return sockets;
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
}

function unsupported(message: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", message);
}

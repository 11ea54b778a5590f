import type { Address, HeldSocket, ListenOptions, Transport } from "../core/mod.ts";
import { SpillwayError } from "../core/mod.ts";
import { type HeldTarget, heldTarget, placeKey } from "./held_target.ts";

/**
 * How connections come to workers. `shared`: all listen on one socket, and whoever is idle takes the next connection.
 * `kernel`: each worker has a socket of its own (SO_REUSEPORT), and the kernel spreads connections evenly, also to a
 * worker that is busy.
 */
export type Balance = "shared" | "kernel";

/** How connections come to how many workers. */
interface Spread {
  readonly balance: Balance;
  readonly workers: number;
}

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

/** Bound places, and those of a predecessor that are not wanted any more. */
export interface HeldPlaces {
  readonly held: readonly HeldPlace[];
  readonly dropped: readonly HeldPlace[];
}

/**
 * Binds all places, or none. Places that another supervisor has handed over are taken.
 *
 * @throws as {@link Transport.listen}; `listen-failed`: a place that was handed over has other sockets than are wanted
 */
export async function holdPlaces(
  transport: Transport,
  wanted: readonly ListenOptions[],
  spread: Spread,
  handedOver: readonly HeldPlace[] = [],
): Promise<HeldPlaces> {
  const hold: Hold = (options) => {
    if (transport.hold !== undefined) return transport.hold(options);
    throw unsupported(`${transport.name} cannot hold a socket for other processes`);
  };
  const dropped = [...handedOver];
  const held: HeldPlace[] = [];
  const bound: HeldSocket[] = [];
  try {
    for (const options of wanted) {
      const place = placeKey(options);
      const index = dropped.findIndex((candidate) => candidate.place === place);
      const [handed] = index === -1 ? [] : dropped.splice(index, 1);
      if (handed !== undefined) held.push(checkSockets(handed, options, spread));
      else {
        const sockets = await holdPlace(hold, options, spread);
        bound.push(...sockets);
        held.push({ place, target: heldTarget(options), sockets });
      }
    }
  } catch (error) {
    for (const socket of bound) socket.close();
    for (const { sockets } of handedOver) for (const socket of sockets) socket.release();
    throw error;
  }
  return { held, dropped };
}

/** A socket on which nobody accepts would keep its share of the connections waiting. */
function checkSockets(handed: HeldPlace, options: ListenOptions, spread: Spread): HeldPlace {
  const { length } = handed.sockets;
  if (length === socketCount(options, spread)) return handed;
  const message = `${handed.place} has ${length === 1 ? "one socket for all workers" : `${length} sockets, one for each worker`}`;
  throw new SpillwayError("listen-failed", `${message}: another balance or number of workers needs a new start`);
}

function socketCount({ port }: ListenOptions, { balance, workers }: Spread): number {
  return balance === "kernel" && port !== undefined ? workers : 1;
}

type Hold = (options: ListenOptions) => Promise<HeldSocket>;

async function holdPlace(hold: Hold, options: ListenOptions, spread: Spread): Promise<HeldSocket[]> {
  const { port: first } = options;
  if (spread.balance === "shared" || first === undefined) return [await hold(options)];
  const sockets: HeldSocket[] = [];
  try {
    let port = first;
    for (let slot = 0; slot < socketCount(options, spread); slot++) {
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

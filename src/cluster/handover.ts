/** How the sockets of a supervisor go to the supervisor that takes its place. */
import { lstatSync, unlinkSync } from "node:fs";
import type { Address, HeldSocket, Transport } from "../core/mod.ts";
import type { HeldPlace } from "./held_places.ts";
import type { HeldTarget } from "./held_target.ts";
import { receiveHandles } from "./received_handles.ts";
import type { WorkerHost } from "./worker_host.ts";

/** The variable that makes a process the successor of a supervisor: a {@link Handover} as JSON. */
export const HANDOVER_VARIABLE = "SPILLWAY_HANDOVER";

/** What the successor gets. */
export interface Handover {
  readonly places: readonly HandedPlace[];
  /** The process to which systemd has given its sockets. */
  readonly supervisor: number;
}

interface HandedPlace {
  readonly place: string;
  readonly target: HeldTarget;
  readonly sockets: readonly HandedSocket[];
}

interface HandedSocket {
  readonly address: Address;
  /** The descriptor that the successor inherits. Without one, the socket comes beside a message. */
  readonly fd?: number;
}

/** Describes places to a process that inherits these descriptors, in the order of all sockets. */
export function describePlaces(
  places: readonly HeldPlace[],
  descriptors: readonly (number | undefined)[],
): HandedPlace[] {
  let next = 0;
  return places.map(({ place, sockets, target }) => ({
    place,
    target,
    sockets: sockets.map(({ address }) => {
      const fd = descriptors[next++];
      return fd === undefined ? { address } : { address, fd };
    }),
  }));
}

/** Returns what another supervisor hands over to this process, if one does. */
export function handoverOf({ env }: Pick<WorkerHost, "env">): Handover | undefined {
  const text = env[HANDOVER_VARIABLE] ?? "";
  return text === "" ? undefined : (JSON.parse(text) as Handover);
}

/** Takes over the places of another supervisor. @throws {SpillwayError} it has ended, or as {@link Transport.hold} */
export async function takeOver(host: WorkerHost, { places }: Handover, transport: Transport): Promise<HeldPlace[]> {
  const sockets = places.flatMap((place) => place.sockets);
  const handles = await receiveHandles(host, sockets);
  const held: HeldSocket[] = [];
  for (const [index, { address, fd }] of sockets.entries()) {
    const socket = fd ?? { handle: handles[index] as object, address };
    held.push(removingPath(address, (await transport.hold?.({ fd: socket, backlog: 1 })) as HeldSocket));
  }
  let next = 0;
  return places.map(({ place, sockets: { length }, target }) => ({
    place,
    target,
    sockets: held.slice(next, (next += length)),
  }));
}

/** A socket at a path is removed by whoever holds it last. */
function removingPath(address: Address, socket: HeldSocket): HeldSocket {
  const { path } = address;
  if (path === undefined || path.startsWith("\0")) return socket;
  const before = inodeOf(path);
  return {
    ...socket,
    address,
    close() {
      if (before !== undefined && inodeOf(path) === before) unlinkSync(path);
      socket.close();
    },
  };
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** How the sockets of a supervisor go to the supervisor that takes its place. */
import { lstatSync, unlinkSync } from "node:fs";
import { type Address, type HeldSocket, systemClock, type Transport } from "../core/mod.ts";
import type { HeldPlace } from "./held_places.ts";
import type { HeldTarget } from "./held_target.ts";
import { HANDOVER_PROTOCOL } from "./protocol_version.ts";
import { ReceivedSockets } from "./received_sockets.ts";
import { readRoleMessage } from "./role_message.ts";
import { HANDOVER_VARIABLE } from "./role_variables.ts";
import { say, type WorkerHost } from "./worker_host.ts";

/** The message to the successor, as JSON in its variable. */
interface HandoverMessage {
  /** The version of the protocol. A successor that speaks another one takes nothing over. */
  readonly version: number;
  readonly places: readonly HandedPlace[];
  readonly inheritor: number;
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

/**
 * Returns the value of the variable for a successor that inherits these descriptors, in the order of all sockets. The
 * `inheritor` is the process to which systemd has given its sockets.
 */
export function handoverText(
  places: readonly HeldPlace[],
  descriptors: readonly (number | undefined)[],
  inheritor: number,
): string {
  let next = 0;
  const handed = places.map(({ place, sockets, target }) => ({
    place,
    target,
    sockets: sockets.map(({ address }) => {
      const fd = descriptors[next++];
      return fd === undefined ? { address } : { address, fd };
    }),
  }));
  const { version } = HANDOVER_PROTOCOL;
  return JSON.stringify({ version, places: handed, inheritor } satisfies HandoverMessage);
}

/**
 * Returns the first supervisor of a cluster, to which systemd has given its sockets, in a process that is to replace a supervisor; and
 * `undefined` in any other. `supervise()` takes the sockets over.
 *
 * @throws {SpillwayError} `listen-failed`: the supervisor speaks another version of the protocol
 */
export function inheritorOf(host: WorkerHost): number | undefined {
  return handoverMessageOf(host)?.inheritor;
}

function handoverMessageOf(host: WorkerHost): HandoverMessage | undefined {
  if ((host.env[HANDOVER_VARIABLE] ?? "") === "") return undefined;
  const fields = ["places", "inheritor"] as const;
  return readRoleMessage<HandoverMessage>(host, { name: HANDOVER_VARIABLE, protocol: HANDOVER_PROTOCOL, fields });
}

/** The handover of a supervisor to this process: `begun → taken → complete`. Until it is complete, the other supervisor goes on. */
export class Handover {
  /** The process to which systemd has given its sockets. */
  readonly inheritor: number;
  readonly #host: WorkerHost;
  readonly #places: readonly HandedPlace[];
  #complete = false;

  private constructor(host: WorkerHost, { inheritor, places }: HandoverMessage) {
    this.inheritor = inheritor;
    this.#host = host;
    this.#places = places;
  }

  /**
   * Returns the handover to this process, if there is one. Call it once: the variable is removed.
   *
   * @throws as {@link inheritorOf}
   */
  static of(host: WorkerHost): Handover | undefined {
    const message = handoverMessageOf(host);
    delete host.env[HANDOVER_VARIABLE];
    return message === undefined ? undefined : new Handover(host, message);
  }

  /** Takes the sockets. @throws {SpillwayError} the other supervisor has ended, or as {@link Transport.hold} */
  async take(transport: Transport): Promise<HeldPlace[]> {
    const sockets = this.#places.flatMap((place) => place.sockets);
    const handles = await new ReceivedSockets(this.#host, systemClock).first(sockets, HANDOVER_PROTOCOL.version);
    const held: HeldSocket[] = [];
    for (const [index, { address, fd }] of sockets.entries()) {
      const socket = fd ?? { handle: handles[index] as object, address };
      held.push(this.#removingPath(address, (await transport.hold?.({ fd: socket, backlog: 1 })) as HeldSocket));
    }
    let next = 0;
    return this.#places.map(({ place, sockets: { length }, target }) => {
      const first = next;
      next += length;
      return { place, target, sockets: held.slice(first, next) };
    });
  }

  /** This process serves: the other supervisor may end. */
  complete(): void {
    this.#complete = true;
    say(this.#host, { type: "ready" });
    // The channel would keep this process alive, when everything else is over.
    if (this.#host.connected === true) this.#host.disconnect?.();
  }

  /** A socket at a path is removed by whoever serves last. */
  #removingPath(address: Address, socket: HeldSocket): HeldSocket {
    const { path } = address;
    if (path === undefined || path.startsWith("\0")) return socket;
    const before = inodeOf(path);
    return {
      ...socket,
      address,
      close: () => {
        if (this.#complete && before !== undefined && inodeOf(path) === before) unlinkSync(path);
        socket.release();
      },
    };
  }
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

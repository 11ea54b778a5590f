import {
  type DescriptorListenOptions,
  type Listener,
  type ListenOptions,
  type SentSocket,
  SpillwayError,
  type Transport,
} from "../core/mod.ts";
import { placeKey } from "./held_target.ts";
import { SharedListener, type SharedListenerHost } from "./shared_listener.ts";

/** A socket of the supervisor in a worker: its descriptor, or the socket itself. */
export interface InheritedSocket {
  readonly place: string;
  readonly socket: number | SentSocket;
  /** The worker, where all workers share the socket, and the supervisor sends it as often as it is asked for. */
  readonly shared?: SharedListenerHost | undefined;
}

/**
 * Returns a transport that listens on the sockets of the supervisor: each is taken once, by what was asked for. So a
 * service says where it listens as it does alone. It connects as `transport` does. `onListen` is called before each.
 */
export function inheritedTransport(
  transport: Transport,
  sockets: readonly InheritedSocket[],
  onListen: () => void,
): Transport {
  const free = [...sockets];
  return {
    ...transport,
    get name() {
      return transport.name;
    },
    async listen(options): Promise<Listener> {
      onListen();
      const place = placeKey(options);
      const index = free.findIndex((candidate) => candidate.place === place);
      if (index === -1) throw notHeld(place, sockets);
      const [{ shared, socket }] = free.splice(index, 1) as [InheritedSocket];
      if (shared === undefined) return transport.listen(onSocket(options, socket));
      return SharedListener.open((fd, turns) => transport.listen({ ...onSocket(options, fd), turns }), socket, shared);
    },
  };
}

function onSocket(options: ListenOptions, fd: number | SentSocket): DescriptorListenOptions {
  const { backlog, detachable, keepAliveMs, noDelay, path } = options;
  const any = { fd, backlog, ...(detachable !== undefined && { detachable }) };
  if (path !== undefined) return any;
  return { ...any, ...(keepAliveMs !== undefined && { keepAliveMs }), ...(noDelay !== undefined && { noDelay }) };
}

function notHeld(place: string, sockets: readonly InheritedSocket[]): SpillwayError {
  const held = sockets.map((socket) => socket.place).join(", ");
  return new SpillwayError(
    "listen-failed",
    `the supervisor holds no free socket for ${place}, but ${held}: where workers listen changes only when the supervisor is started again`,
  );
}

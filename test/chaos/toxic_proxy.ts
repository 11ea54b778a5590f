import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "spillway/core";
import { Flow } from "./flow.ts";
import { type Cut, type ToxicKind, ToxicRule, type Toxics } from "./toxics.ts";

const LOOPBACK = "127.0.0.1";

/** How a {@link ToxicProxy} works. */
export interface ToxicProxyOptions {
  /** The port, on loopback, of whoever is behind it. */
  readonly to: number;
  /** Chooses the toxics of the connection that comes from this port. Default: none. */
  readonly toxics?: (fromPort: number) => Toxics | PromiseLike<Toxics>;
  /** Is told of each connection to whoever is behind it. */
  readonly onLink?: (fromPort: number, link: Link) => void;
  /** Is told of each toxic that does something to a connection, once for each direction. */
  readonly onToxic?: (kind: ToxicKind) => void;
  /** Default: the runtime's own. */
  readonly clock?: Clock;
}

/** A proxy on loopback that is as bad as a network can be. */
export class ToxicProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #options: ToxicProxyOptions;
  readonly #links = new Map<number, Link>();
  /** All that it has open, to either side. */
  readonly #sockets = new Set<Socket>();
  #down = false;

  /** Listens on a port that the system chooses. */
  static async start(options: ToxicProxyOptions): Promise<ToxicProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, LOOPBACK);
    await once(server, "listening");
    return new ToxicProxy(server, options);
  }

  private constructor(server: Server, options: ToxicProxyOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => void this.#onClient(client));
  }

  /** Connections that are not over in both directions. */
  get size(): number {
    return this.#links.size;
  }

  /** The connection that comes from this port, while it is there. */
  link(fromPort: number): Link | undefined {
    return this.#links.get(fromPort);
  }

  /** While it is down, all that it has and whoever comes gets RST. */
  set down(down: boolean) {
    this.#down = down;
    if (down) for (const link of this.#links.values()) this.#reset(link);
  }

  /** Resets what is left, and listens no more. */
  async close(): Promise<void> {
    for (const link of this.#links.values()) link.reset();
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  async #onClient(client: Socket): Promise<void> {
    // It may break before anybody else listens.
    client.on("error", () => {});
    this.#track(client);
    client.pause();
    const fromPort = client.remotePort as number;
    const { to, toxics, onLink, onToxic = () => {}, clock = systemClock } = this.#options;
    if (this.#down) return this.#refuse(client);
    const chosen = (await toxics?.(fromPort)) ?? {};
    if (this.#down || client.destroyed || !this.#server.listening) return this.#refuse(client);
    const server = connect({ port: to, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
    this.#track(server);
    const link = new Link(client, server, chosen, clock, onToxic, () => this.#links.delete(fromPort));
    this.#links.set(fromPort, link);
    onLink?.(fromPort, link);
    server.once("connect", () => link.start());
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #refuse(client: Socket): void {
    if (this.#down) this.#options.onToxic?.("down");
    client.resetAndDestroy();
  }

  #reset(link: Link): void {
    this.#options.onToxic?.("down");
    link.reset();
  }
}

/** A connection through the proxy. */
export class Link {
  readonly toServer: Flow;
  readonly toClient: Flow;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #onOver: () => void;
  #open = 2;
  #isReset = false;

  constructor(
    client: Socket,
    server: Socket,
    toxics: Toxics,
    clock: Clock,
    onToxic: (kind: ToxicKind) => void,
    onOver: () => void,
  ) {
    this.#client = client;
    this.#server = server;
    this.#onOver = onOver;
    const onBroken = () => this.reset();
    const flow = (source: Socket, sink: Socket, list: Toxics["toServer"]): Flow =>
      new Flow(source, sink, new ToxicRule(list ?? [], onToxic), clock, {
        onCut: (cut) => this.#cut(cut, sink === server ? this.toServer : this.toClient),
        onBroken,
      });
    this.toServer = flow(client, server, toxics.toServer);
    this.toClient = flow(server, client, toxics.toClient);
    for (const end of [client, server]) end.on("close", () => this.#onClose());
    // Not before there is somebody to pass it on to.
    client.pause();
  }

  /** The server is there. */
  start(): void {
    this.#client.resume();
    this.toServer.start();
    this.toClient.start();
  }

  /** RST to both ends. */
  reset(): void {
    if (this.#isReset) return;
    this.#isReset = true;
    this.toServer.stop();
    this.toClient.stop();
    for (const end of [this.#client, this.#server]) if (!end.destroyed) end.resetAndDestroy();
  }

  #cut(cut: Cut, flow: Flow): void {
    if (cut === "reset") return this.reset();
    flow.finish();
    if (cut === "half-close") return;
    this.toServer.finish();
    this.toClient.finish();
  }

  #onClose(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#onOver();
  }
}

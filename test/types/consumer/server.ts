import {
  type Address,
  type Connection,
  type Context,
  type DrainResult,
  defineService,
  type Group,
  type Handler,
  lines,
  type Observer,
  type Server,
  type ServerStats,
  type Service,
  type Session,
  SpillwayError,
  serve,
  type TcpAddress,
  type Transport,
  transport,
  type UnixAddress,
} from "spillway";
import { int16, lengthPrefixed, type Payload } from "spillway/codecs";
import * as core from "spillway/core";
import { same } from "./equal.ts";

interface Guest {
  nickname: string;
}

export async function servers(): Promise<void> {
  const server = await serve({
    port: 0,
    hostname: "::1",
    codec: lines(),
    state: ({ id }): Guest => ({ nickname: String(id) }),
    onConnect: (session) => `hello ${session.state.nickname}`,
    handler: (line, { session, signal, connection }) => {
      same<typeof session, Session<string, Guest>>(true);
      same<typeof signal, AbortSignal>(true);
      session.state.nickname = line;
      return `${connection.id} ${session.send(line)}`;
    },
    onDisconnect: ({ state }, reason) => void (state.nickname + reason),
    onDrain: ({ state }) => `goodbye ${state.nickname}`,
    observer: (event) => {
      if (event.type === "connection-closed") void event.reason;
    },
  });
  same<typeof server, Server<string, string, Guest>>(true);
  const group: Group<string, Guest> = server.group("everyone");
  for (const { state } of group) void state.nickname;
  const stats: ServerStats = server.stats();
  const drained: DrainResult = await server.shutdown({ timeoutMs: 10 });
  same<typeof server.address, TcpAddress>(true);
  const address: Address = server.address;
  same<typeof server.address.port, number>(true);
  const anyServer: Server = server;
  void [stats, drained, address, anyServer];

  await serve({
    port: 0,
    codec: lines(),
    // @ts-expect-error an option that there is not
    idleTimeout: 5,
    handler: (line: string) => line,
  });
  // Nothing to listen on: a TypeError at the call, because it may also be a path, a descriptor or a list.
  await serve({ codec: lines(), handler: (line) => line }).catch(() => undefined);
  // @ts-expect-error no codec
  await serve({ port: 0, handler: (line: string) => line });
  // @ts-expect-error not what the state has
  await serve({ port: 0, codec: lines(), state: () => ({ a: 1 }), handler: (_, { session }) => session.state.b });
}

/** The server's own type must not follow from what its handler makes of the server: one of the two is said. */
export async function handlersThatUseTheServer(): Promise<void> {
  const server = await serve({
    port: 0,
    codec: lines(),
    handler: (line): string => `${line} ${server.stats().connections}`,
  });
  const other: Server = await serve({
    port: 0,
    codec: lines(),
    handler: (line) => `${line} ${other.stats().connections}`,
  });
  const third = await serve({
    port: 0,
    codec: lines(),
    handler: (line) => {
      if (line === "stop") void third.shutdown();
      return line;
    },
  });
}

/** `session.state` is what `state` makes, wherever that stands. */
export async function services(): Promise<void> {
  const before = defineService({
    codec: lines(),
    state: ({ id }) => ({ id }),
    handler: (line, { session }) => `${line} ${session.state.id.toFixed()}`,
  });
  same<typeof before, Service<string, string, { id: number }>>(true);
  const behind = defineService({
    codec: int16(),
    handler: (number, { session }) => {
      session.state.sum += number;
      return session.state.sum;
    },
    state: () => ({ sum: 0 }),
  });
  same<typeof behind, Service<number, number, { sum: number }>>(true);
  const stateless = defineService({ codec: lengthPrefixed({ width: 2 }), handler: (frame) => frame });
  const plain: Service<core.Bytes, Payload> = stateless;
  await serve({ ...before, port: 0 });
  void plain;

  // @ts-expect-error the state has no such property
  defineService({ codec: lines(), state: () => ({ a: 1 }), handler: (_, { session }) => session.state.b });
  // @ts-expect-error a number is no line
  defineService({ codec: lines(), handler: (line) => line.length });
}

export function methods(session: Session<string>, context: Context<string>, server: Server<string, string>): void {
  session.send("line");
  context.close();
  const send = session.send.bind(session);
  send("line");
  const { join } = session;
  // @ts-expect-error a method that was taken off its session
  join("group");
  const destructured: Handler<string, string> = (line, { close, upgrade, session: { send: push, flushed } }) => {
    // @ts-expect-error taken off its object
    close();
    // @ts-expect-error taken off its object
    upgrade({ codec: lines(), handler: (other) => other });
    // @ts-expect-error taken off its object
    push(line);
    // @ts-expect-error taken off its object
    void flushed();
    return line;
  };
  const { shutdown, stats } = server;
  // @ts-expect-error taken off its object
  void shutdown();
  // @ts-expect-error taken off its object
  stats();
  const { broadcast } = server.group("everyone");
  // @ts-expect-error taken off its object
  broadcast("line");
  void destructured;
}

export function addresses(address: Address, tcp: TcpAddress): void {
  if (address.hostname === "192.0.2.1") same<typeof address, TcpAddress>(true);
  if (address.path === undefined) same<typeof address, TcpAddress>(true);
  else same<typeof address, UnixAddress>(true);
  same<typeof address.port, number | undefined>(true);
  const { hostname, port } = tcp;
  void [hostname.length, port.toFixed()];
  // @ts-expect-error a path and a port
  void ({ path: "/run/echo.sock", port: 1 } satisfies Address);
}

export async function onTransports(): Promise<void> {
  const carrier: Transport = transport;
  same<
    keyof Connection,
    "readable" | "writable" | "remoteAddress" | "localAddress" | "tls" | "proxy" | "closed" | "close" | "abort"
  >(true);
  const server = await core.serve(carrier, { port: 0, codec: lines(), state: () => 1, handler: (line) => line });
  same<typeof server, Server<string, string, number>>(true);
  const errors = new core.ErrorLog();
  const observer: Observer = (event) => errors.observe(event);
  void observer;
  try {
    core.checkCount("size", 1);
  } catch (error) {
    if (error instanceof SpillwayError) void (error.code satisfies string);
    void core.describe(error);
  }
}

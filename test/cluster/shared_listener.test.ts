import { describe, expect, it } from "vitest";
import { SharedListener } from "../../src/cluster/shared_listener.ts";
import { AcceptQueue, type AcceptTurns, type Connection, type Listener, type SentSocket } from "../../src/core/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 1 };

/** A socket that comes beside a message. */
interface Sent extends SentSocket {
  readonly handle: { closed: boolean; close(): void };
}

function sent(): Sent {
  const handle = { closed: false, close: () => void (handle.closed = true) };
  return { address: ADDRESS, handle };
}

/** A worker with that much room, whose runtime and supervisor the test plays. The runtime accepts so many connections ahead. */
async function shared(room: number, ahead = 0) {
  const clock = manualClock();
  const world = { room, asked: 0, listening: [] as (number | SentSocket)[], stopped: 0 };
  let queue: AcceptQueue;
  let come: (socket: SentSocket) => void = () => {};
  const listen = async (socket: number | SentSocket, turns: AcceptTurns): Promise<Listener> => {
    world.listening.push(socket);
    const bound = new AcceptQueue(1_000, turns, () => {
      world.stopped += 1;
      bound.finish();
    });
    queue = bound;
    return {
      address: ADDRESS,
      [Symbol.asyncIterator]: () => bound,
      finish: () => bound.finish(),
      close: () => bound.close(),
    };
  };
  const host = {
    clock,
    ahead: () => ahead,
    room: () => world.room,
    askForSocket: () => {
      world.asked += 1;
      return new Promise<SentSocket>((resolve) => {
        come = resolve;
      });
    },
  };
  const listener = await SharedListener.open(listen, 7, host);
  return {
    clock,
    world,
    listener,
    connections: listener[Symbol.asyncIterator](),
    accept: (count: number) => {
      for (let index = 0; index < count; index++) queue.push({ abort() {} } as Connection);
    },
    give: (socket: SentSocket) => {
      come(socket);
      return Promise.resolve();
    },
  };
}

describe("a listener on the socket that all workers share", () => {
  it("asks for the socket in advance, and goes on while there is room and the supervisor does not answer", async () => {
    const { accept, connections, listener, world } = await shared(100_000);
    accept(1_000);
    expect(world).toMatchObject({ asked: 1, listening: [7], stopped: 0 });
    for (let index = 0; index < 1_000; index++) expect((await connections.next()).done).toBe(false);
    expect(listener.address).toBe(ADDRESS);
  });

  it("lets its siblings accept after a turn, and listens again when the accept loop asks", async () => {
    const { accept, connections, give, world } = await shared(100_000);
    const again = sent();
    await give(again);
    accept(256);
    expect(world).toMatchObject({ listening: [7], stopped: 1 });
    for (let index = 0; index < 256; index++) await connections.next();
    const next = connections.next();
    await Promise.resolve();
    expect(world.listening).toEqual([7, again]);
    await Promise.resolve();
    accept(1);
    expect((await next).done).toBe(false);
    expect(world.asked).toBe(2);
  });

  it("takes no connection for which it has no room, whoever answers", async () => {
    const { accept, connections, give, world } = await shared(3);
    accept(3);
    expect(world.stopped).toBe(1);
    for (let index = 0; index < 3; index++) await connections.next();
    const next = connections.next();
    world.room = 1;
    await give(sent());
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.listening).toHaveLength(2);
    accept(1);
    expect((await next).done).toBe(false);
    expect(world.stopped).toBe(2);
  });

  it("with little room, yields to its siblings behind each turn, where the runtime accepts ahead", async () => {
    const { accept, clock, connections, give, world } = await shared(100, 40);
    // The turn keeps room for what may come behind it.
    await give(sent());
    accept(59);
    expect(world.stopped).toBe(0);
    accept(1);
    expect(world.stopped).toBe(1);
    for (let index = 0; index < 60; index++) await connections.next();
    world.room = 40;
    const next = connections.next();
    await clock.advance(19);
    expect(world.listening).toHaveLength(1);
    await clock.advance(1);
    expect(world.listening).toHaveLength(2);
    accept(1);
    expect((await next).done).toBe(false);
  });

  it("ends short turns only for a socket that has come: a supervisor that does not answer changes nothing", async () => {
    const { accept, connections, world } = await shared(10, 40);
    accept(8);
    expect(world.stopped).toBe(0);
    for (let index = 0; index < 8; index++) expect((await connections.next()).done).toBe(false);
  });

  it("is over also while it yields to its siblings", async () => {
    const { accept, connections, give, listener, world } = await shared(10, 40);
    const unused = sent();
    await give(unused);
    accept(1);
    await connections.next();
    const next = connections.next();
    await Promise.resolve();
    listener.finish();
    expect((await next).done).toBe(true);
    expect(unused.handle.closed).toBe(true);
    expect(world.listening).toEqual([7]);
  });

  it.each([
    ["finish", 0],
    ["close", 0],
    ["finish", 40],
    ["close", 40],
  ] as const)("is over with %s(), also while it waits for the socket, with %i ahead", async (end, ahead) => {
    const { accept, connections, give, listener, world } = await shared(1, ahead);
    accept(1);
    expect((await connections.next()).done).toBe(false);
    const next = connections.next();
    await Promise.resolve();
    listener[end]();
    expect((await next).done).toBe(true);
    const late = sent();
    await give(late);
    await Promise.resolve();
    expect(late.handle.closed).toBe(true);
    expect(world.listening).toEqual([7]);
  });

  it("closes the socket that has come when it is over", async () => {
    const { give, listener } = await shared(10);
    const unused = sent();
    await give(unused);
    listener.finish();
    expect(unused.handle.closed).toBe(true);
  });
});

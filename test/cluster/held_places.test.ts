// Which sockets a supervisor binds, takes over and lets go.
import { describe, expect, it } from "vitest";
import { type HeldPlace, holdPlaces } from "../../src/cluster/held_places.ts";
import { type HeldSocket, type ListenOptions, SpillwayError, type Transport } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

class FakeSocket implements HeldSocket {
  readonly address: { hostname: string; port: number };
  readonly fd = 3;
  state = "held";

  constructor(port: number) {
    this.address = { hostname: "h", port };
  }

  isInPlace(): boolean {
    return true;
  }

  close(): void {
    this.state = "closed";
  }

  release(): void {
    this.state = "released";
  }
}

function holding(fails: (options: ListenOptions) => boolean = () => false) {
  const asked: ListenOptions[] = [];
  const sockets: FakeSocket[] = [];
  const transport: Transport = {
    ...memoryTransport(),
    hold(options) {
      asked.push(options);
      if (fails(options)) return Promise.reject(new SpillwayError("address-in-use", "it is in use"));
      const socket = new FakeSocket(options.port === 0 ? 1_000 : (options.port ?? 0));
      sockets.push(socket);
      return Promise.resolve(socket);
    },
  };
  return { asked, sockets, transport };
}

const at = (port: number): ListenOptions => ({ hostname: "h", port, backlog: 1 });
const handed = (port: number, count: number): HeldPlace => ({
  place: `tcp://h:${port}`,
  target: { hostname: "h", port },
  sockets: Array.from({ length: count }, () => new FakeSocket(port)),
});
const SHARED = { balance: "shared", workers: 3 } as const;
const KERNEL = { balance: "kernel", workers: 3 } as const;
const stateOf = (place: HeldPlace) => place.sockets.map((socket) => (socket as FakeSocket).state);

describe("the places of a supervisor", () => {
  it("have one socket for all workers", async () => {
    const { asked, transport } = holding();
    const { held } = await holdPlaces(transport, [at(1), at(2)], SHARED);
    expect(held.map(({ place, sockets }) => [place, sockets.length])).toEqual([
      ["tcp://h:1", 1],
      ["tcp://h:2", 1],
    ]);
    expect(asked.every(({ reusePort }) => reusePort === undefined)).toBe(true);
  });

  it("have one socket for each worker on the same port, if the kernel spreads connections", async () => {
    const { asked, transport } = holding();
    const { held } = await holdPlaces(transport, [at(0), { path: "/s", backlog: 1 }], KERNEL);
    expect(held.map(({ sockets }) => sockets.length)).toEqual([3, 1]);
    expect(asked.slice(0, 3).map(({ port, reusePort }) => [port, reusePort])).toEqual([
      [0, true],
      [1_000, true],
      [1_000, true],
    ]);
  });

  it("are all bound, or none", async () => {
    const { sockets, transport } = holding(({ port }) => port === 3);
    const predecessor = handed(9, 1);
    const failed = holdPlaces(transport, [at(1), at(2), at(3)], SHARED, [predecessor]);
    await expect(failed).rejects.toMatchObject({ code: "address-in-use" });
    expect(sockets.map(({ state }) => state)).toEqual(["closed", "closed"]);
    expect(stateOf(predecessor)).toEqual(["released"]);
  });

  it("are taken over, and those that nobody wants are told", async () => {
    const { asked, transport } = holding();
    const [wanted, unwanted] = [handed(1, 1), handed(2, 1)];
    const { dropped, held } = await holdPlaces(transport, [at(3), at(1)], SHARED, [wanted, unwanted]);
    expect(held[1]).toBe(wanted);
    expect(dropped).toEqual([unwanted]);
    expect(asked).toHaveLength(1);
    expect([...stateOf(wanted), ...stateOf(unwanted)]).toEqual(["held", "held"]);
  });

  it.each([
    ["fewer workers", KERNEL, 4],
    ["more workers", KERNEL, 2],
    ["another balance", SHARED, 3],
    ["sockets for each worker", KERNEL, 1],
  ] as const)(
    "are not taken over with %s: a socket on which nobody accepts would hold connections",
    async (_, spread, count) => {
      const { transport } = holding();
      const failed = holdPlaces(transport, [at(1)], spread, [handed(1, count)]);
      await expect(failed).rejects.toMatchObject({ code: "listen-failed" });
    },
  );

  it("cannot be held by a transport that cannot hold", async () => {
    const { connect, listen, name } = memoryTransport();
    const held = holdPlaces({ connect, listen, name }, [at(1)], SHARED);
    await expect(held).rejects.toMatchObject({ code: "runtime-unsupported" });
  });
});

import { describe, expect, it } from "vitest";
import type { Connection, HeldSocket, Listener } from "../../src/core/mod.ts";
import { SpillwayError } from "../../src/core/mod.ts";
import { manualClock, memoryTransport, SimulatedProcess, simulatedNetwork } from "../../src/testing/mod.ts";

const AT = { hostname: "127.0.0.1", port: 7_000, backlog: 2 };
const LINK = { latencyMs: 1, jitterMs: 0, bytesPerSecond: Infinity, bufferBytes: 4_096, cutting: "none" } as const;

function fdOf({ address, handle }: HeldSocket) {
  return { fd: { handle: handle as object, address }, backlog: 2 };
}

/** Accepts for ever, and notes under which name. */
async function accept(listener: Listener, log: string[], name: string): Promise<Connection[]> {
  const taken: Connection[] = [];
  for await (const connection of listener) {
    log.push(name);
    taken.push(connection);
  }
  log.push(`${name} has ended`);
  return taken;
}

/** A held socket, and two processes that accept from it. */
async function shared() {
  const clock = manualClock();
  const network = simulatedNetwork({ clock, seed: 1, conditions: () => LINK });
  const held = await network.hold(AT);
  const log: string[] = [];
  const processes = ["one", "other"].map((name) => ({ name, process: new SimulatedProcess(clock) }));
  const users = await Promise.all(
    processes.map(async ({ name, process }) => {
      const transport = network.transportOf(process);
      const listener = await transport.listen(fdOf(held));
      void accept(listener, log, name);
      return { process, listener, transport };
    }),
  );
  const [one, other] = users as [(typeof users)[0], (typeof users)[0]];
  const connect = async () => {
    const connecting = network.connect(AT);
    await clock.advance(2);
    return connecting;
  };
  return { clock, network, held, log, one, other, connect };
}

describe("a socket that processes share", () => {
  it("gives each connection to one of them, in turn", async () => {
    const { connect, log } = await shared();
    for (let count = 0; count < 4; count++) await connect();
    expect(log).toEqual(["one", "other", "one", "other"]);
  });

  it("leaves connections to those that run", async () => {
    const { clock, connect, log, one, other } = await shared();
    one.process.stop();
    for (let count = 0; count < 2; count++) await connect();
    expect(log).toEqual(["other", "other"]);
    other.process.stop();
    await connect();
    one.process.continue();
    await clock.advance(0);
    expect(log).toEqual(["other", "other", "one"]);
  });

  it("resets what a killed process has taken, and keeps what nobody has", async () => {
    const { clock, connect, log, network, one, other } = await shared();
    const taken = await connect();
    one.process.stop();
    other.process.stop();
    const waiting = await connect();
    one.process.kill();
    await clock.advance(2);
    expect((await taken.closed)?.code).toBe("connection-reset");
    other.process.continue();
    await clock.advance(2);
    expect(log).toEqual(["one", "other"]);
    const [, connection] = [taken, waiting].map(({ localAddress }) => network.connectionFrom(localAddress.port ?? 0));
    expect([connection?.nearOver, connection?.farOver]).toEqual([false, false]);
  });

  it("has a backlog of its own, and refuses nobody while anybody has it", async () => {
    const { clock, held, log, network, one, other } = await shared();
    one.listener.close();
    other.process.stop();
    const waiting = [1, 2, 3].map(() => network.connect(AT));
    await clock.advance(2);
    expect(network.connections).toHaveLength(2);
    other.process.continue();
    await clock.advance(2);
    await Promise.all(waiting);
    expect(log).toEqual(["one has ended", "other", "other", "other"]);
    other.process.kill();
    expect(network.listening).toBe(1);
    held.release();
    held.close();
    expect(network.listening).toBe(0);
    await expect(Promise.all([network.connect(AT), clock.advance(2)])).rejects.toMatchObject({
      code: "connection-refused",
    });
    await expect(network.listen(fdOf(held))).rejects.toMatchObject({ code: "listen-failed" });
  });

  it("resets what still waits when the last one closes it", async () => {
    const { clock, connect, held, one, other } = await shared();
    for (const { listener, process } of [one, other]) {
      process.stop();
      listener.close();
    }
    const waiting = await connect();
    held.close();
    await clock.advance(2);
    expect((await waiting.closed)?.code).toBe("connection-reset");
  });

  it("is handed on, and is bound once", async () => {
    const transport = memoryTransport();
    const held = await transport.hold(AT);
    await expect(transport.hold(AT)).rejects.toMatchObject({ code: "address-in-use" });
    expect(held.fd).toBe(3);
    const next = await transport.hold({ fd: 3, backlog: 2 });
    held.close();
    expect([next.address, next.isInPlace()]).toEqual([{ hostname: "127.0.0.1", port: 7_000 }, true]);
    const listener = await transport.listen(fdOf(next));
    next.close();
    const connections = listener[Symbol.asyncIterator]();
    const near = await transport.connect(AT);
    expect(await connections.next()).toMatchObject({ value: { remoteAddress: near.localAddress } });
    const failing = connections.next();
    transport.failAccept(AT, new SpillwayError("connection-aborted", "gone"));
    await expect(failing).rejects.toMatchObject({ code: "connection-aborted" });
    await expect(transport.listen({ fd: 4, backlog: 1 })).rejects.toMatchObject({ code: "runtime-unsupported" });
  });
});

describe("a process of a simulated network", () => {
  it("that connects loses its connections when it is killed", async () => {
    const { clock, network, held } = await shared();
    const process = new SimulatedProcess(clock);
    const transport = network.transportOf(process);
    const own = await transport.listen({ ...AT, port: 0 });
    const connecting = transport.connect(held.address);
    await clock.advance(2);
    const { localAddress } = await connecting;
    process.kill();
    await clock.advance(2);
    expect(network.connectionFrom(localAddress.port ?? 0)).toMatchObject({ nearOver: true, farOver: true });
    await expect(Promise.all([network.connect(own.address), clock.advance(2)])).rejects.toMatchObject({
      code: "connection-refused",
    });
  });
});

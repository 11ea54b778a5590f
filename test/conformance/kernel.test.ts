import { connect, type Socket } from "node:net";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { type Connection, type Listener, transport } from "../../src/mod.ts";
import { listenOnTcp, type TcpListener } from "../support/tcp_listener.ts";
import { kernelSocket, kernelSockets, shown } from "./support/kernel_sockets.ts";
import { dialNet } from "./support/net_client.ts";
import { type Client, eventually } from "./support/platform.ts";

const native = transport;
/** Bun listens with a backlog of its own. */
const bounded = !native.name.startsWith("bun");

const afterIo = () => new Promise<void>((resolve) => native.afterIo?.(resolve));

/** Facts about a transport's sockets that only the kernel can tell. */
describe("the kernel", () => {
  const ends: (() => void)[] = [];

  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  async function listen(backlog = 16): Promise<TcpListener> {
    const listener = await listenOnTcp(native, { backlog });
    ends.push(() => listener.close());
    return listener;
  }

  async function dial(listener: TcpListener): Promise<Client> {
    const client = await dialNet(listener.address);
    ends.push(() => client.reset());
    return client;
  }

  async function accept(listener: Listener): Promise<Connection> {
    const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
    ends.push(() => value.abort());
    return value;
  }

  /** Fulfils when the kernel holds so many bytes for the end at port `local`, and the runtime leaves them there. */
  async function unread(local: number, remote: number, bytes: number): Promise<void> {
    if (shown) await eventually(() => kernelSocket(local, remote).unreadBytes === bytes);
    for (let count = 0; count < 3; count++) await afterIo();
    if (shown) expect(kernelSocket(local, remote).unreadBytes).toBe(bytes);
  }

  it("holds what comes on a connection that was accepted, until it is read", async () => {
    const listener = await listen();
    const client = await dial(listener);
    const far = await accept(listener);
    client.send("early");
    await unread(listener.address.port, client.port, 5);
    const { value } = await far.readable.getReader().read();
    expect(value?.length).toBe(5);
    await unread(listener.address.port, client.port, 0);
  });

  it("holds what comes on a connection that was made, until it is read", async () => {
    const listener = await listen();
    const near = await native.connect(listener.address);
    ends.push(() => near.abort());
    const writer = (await accept(listener)).writable.getWriter();
    await writer.write(new Uint8Array(5));
    await unread(near.localAddress.port as number, listener.address.port, 5);
    const { value } = await near.readable.getReader().read();
    expect(value?.length).toBe(5);
    await unread(near.localAddress.port as number, listener.address.port, 0);
  });

  it("lets as many connections wait as the backlog says, where a runtime can say it", async () => {
    const { port } = (await listen(4)).address;
    const sockets: Socket[] = [];
    for (let count = 0; count < 20; count++) {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      sockets.push(socket);
      ends.push(() => socket.destroy());
    }
    if (!shown) return;
    // Node and Bun connect in this turn, and accept in the next.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const made = () => kernelSockets().filter(({ remotePort, state }) => remotePort === port && state !== "other");
    if (native.name.startsWith("deno")) await eventually(() => made().length === 20);
    const established = made().filter(({ state }) => state === "established").length;
    if (bounded) expect(established).toBe(5);
    else expect(established).toBe(20);
  });

  it("or the listener holds connections that nobody takes, and no more of them than the backlog says", async () => {
    const listener = await listen(4);
    const clients: Client[] = [];
    let over = 0;
    // On Deno all wait in the kernel, which would not let more than these in.
    const most = native.name.startsWith("deno") ? 5 : 8;
    for (let count = 0; count < most; count++) {
      try {
        const client = await dial(listener);
        clients.push(client);
        void client.ended.then(() => (over += 1));
      } catch {
        // Reset before it knew that it was connected.
        over += 1;
      }
    }
    await eventually(() => over === (native.name.startsWith("deno") ? 0 : 4));
    const taken = [await accept(listener), await accept(listener), await accept(listener), await accept(listener)];
    expect(taken.map(({ remoteAddress }) => remoteAddress.port)).toEqual(clients.slice(0, 4).map(({ port }) => port));
  });
});

describe("afterIo", () => {
  it("calls back when the input that has arrived is being delivered, and the next time all of it has been", async () => {
    const listener = await listenOnTcp(native);
    const client = await dialNet(listener.address);
    const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
    const reader = far.readable.getReader();
    // The first may open what the others use.
    await afterIo();
    for (let count = 0; count < 20; count++) {
      let read = false;
      const reading = reader.read().then(() => (read = true));
      client.send("x");
      const waiting = () => kernelSocket(listener.address.port, client.port).unreadBytes;
      if (shown) await eventually(() => read || waiting() === 1);
      // Of one look at the network, Deno may deliver its own byte before the others'.
      await afterIo();
      await afterIo();
      if (shown) expect(read).toBe(true);
      await reading;
    }
    client.reset();
    far.abort();
    listener.close();
  });
});

// Events of Node that a peer cannot bring about. `node:net` is on every runtime, and so are these tests.
import { connect, createServer, Server, Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { NodeDriver } from "../../src/adapters/node/driver.ts";
import { listen } from "../../src/adapters/node/listen.ts";
import type { Connection } from "../../src/core/mod.ts";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A socket, whose peer tells what it hears. */
async function connected(onText: (text: string) => void = () => {}): Promise<Socket> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined).on("data", (bytes: Uint8Array) => onText(bytes.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await new Promise((resolve) => socket.once("connect", resolve));
  ends.push(
    () => server.close(),
    () => socket.destroy(),
  );
  return socket;
}

describe("a socket of Node's", () => {
  // Here nothing was sent twice before: what Node's view of the last bytes is decides.
  it("sends the bytes that it is given, though others of their length were sent twice before", async () => {
    let heard = "";
    const socket = await connected((text) => (heard += text));
    const driver = new NodeDriver(socket);
    const [first, second] = [new TextEncoder().encode("first"), new TextEncoder().encode("other")];
    for (const bytes of [first, first, second, second, first]) await driver.write(bytes);
    await vi.waitFor(() => expect(heard).toHaveLength(25));
    expect(heard).toBe("firstfirstotherotherfirst");
  });

  it("that is destroyed takes nothing, and says so before it says that it is closed", async () => {
    const socket = await connected();
    const { connection } = new NodeDriver(socket);
    socket.destroy();
    const written = connection.writable.getWriter().write(new Uint8Array(1));
    await expect(written).rejects.toMatchObject({ name: "SpillwayError" });
  });

  it("that is destroyed during a write has not taken it", async () => {
    const socket = await connected();
    const driver = new NodeDriver(socket);
    const written = driver.connection.writable.getWriter().write(new Uint8Array(64 * 1_048_576));
    socket.destroy();
    await expect(written).rejects.toMatchObject({ code: "connection-failed" });
    expect(await driver.connection.closed).toMatchObject({ code: "connection-failed" });
  });

  it("that was over before it was seen has an address without a name", () => {
    const { connection } = new NodeDriver(new Socket());
    expect(connection.remoteAddress).toEqual({ hostname: "", port: 0 });
    expect(connection.localAddress).toEqual({ hostname: "", port: 0 });
    connection.abort();
  });
});

describe("a listener of Node's", () => {
  it("passes on what the runtime says of a connection that it could not accept, and goes on", async () => {
    const started = vi.spyOn(Server.prototype, "listen");
    const listener = await listen({ hostname: "127.0.0.1", port: 0, backlog: 16 });
    const server = started.mock.contexts[0] as Server;
    started.mockRestore();
    ends.push(() => listener.close());
    const connections = listener[Symbol.asyncIterator]();
    server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE" }));
    await expect(connections.next()).rejects.toMatchObject({ code: "out-of-descriptors" });
    const socket = connect({ host: "127.0.0.1", port: listener.address.port as number });
    ends.push(() => socket.destroy());
    const { value } = (await connections.next()) as IteratorYieldResult<Connection>;
    expect(value.remoteAddress.hostname).toBe("127.0.0.1");
    value.abort();
  });
});

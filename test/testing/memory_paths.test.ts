import { describe, expect, it } from "vitest";
import type { Connection, Listener } from "../../src/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

const path = "/run/echo.sock";
const backlog = 16;

async function accept(listener: Listener): Promise<Connection> {
  const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  return value;
}

describe("a path of a network in memory", () => {
  it("is where a listener is found, and what its connections are named after", async () => {
    const transport = memoryTransport();
    const listener = await transport.listen({ path, backlog });
    expect(listener.address).toEqual({ path });
    const near = await transport.connect({ path });
    const far = await accept(listener);
    expect([near.localAddress, near.remoteAddress]).toEqual([{ path: "" }, { path }]);
    expect([far.localAddress, far.remoteAddress]).toEqual([{ path }, { path: "" }]);
    await near.writable.getWriter().write(new Uint8Array(3));
    expect((await far.readable.getReader().read()).value).toHaveLength(3);
    near.abort();
    expect(await far.closed).toMatchObject({ code: "connection-reset" });
  });

  it("has one listener at a time, and is free when that has closed", async () => {
    const transport = memoryTransport();
    const listener = await transport.listen({ path, backlog });
    await expect(transport.listen({ path, backlog })).rejects.toMatchObject({
      code: "address-in-use",
      message: "unix:/run/echo.sock is in use",
    });
    await transport.listen({ path: "\0echo", backlog });
    listener.close();
    const again = await transport.listen({ path, backlog });
    expect(again.address).toEqual({ path });
  });

  it("is refused where nobody listens, on whatever port somebody does", async () => {
    const transport = memoryTransport();
    await transport.listen({ hostname: "127.0.0.1", port: 0, backlog });
    const refused = { code: "connection-refused", message: "nothing listens on unix:/run/echo.sock" };
    await expect(transport.connect({ path })).rejects.toMatchObject(refused);
    expect(() => transport.failAccept({ path }, new Error("no") as never)).toThrow(expect.objectContaining(refused));
  });

  it("takes no port from those who connect", async () => {
    const transport = memoryTransport();
    const [unix, tcp] = [
      await transport.listen({ path, backlog: 40_000 }),
      await transport.listen({ hostname: "127.0.0.1", port: 0, backlog }),
    ];
    // More than there are ports to connect from.
    for (let count = 0; count < 30_000; count++) (await transport.connect({ path })).abort();
    expect((await transport.connect(tcp.address)).localAddress.port).toBeGreaterThan(0);
    unix.close();
  });
});

describe("a descriptor", () => {
  it("is refused by a network in memory, which has none", async () => {
    const listening = memoryTransport().listen({ fd: 3, backlog });
    await expect(listening).rejects.toMatchObject({ code: "runtime-unsupported" });
  });
});

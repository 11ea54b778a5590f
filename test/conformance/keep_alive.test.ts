import { afterEach, describe, expect, it } from "vitest";
import { type Connection, type Listener, lines, serve, transport } from "../../src/mod.ts";
import { listenOnTcp, type TcpListener } from "../support/tcp_listener.ts";
import { kernelSocket, shown } from "./support/kernel_sockets.ts";
import { dialNet } from "./support/net_client.ts";

const native = transport;
const refuses = native.name.startsWith("deno");
/** The delay is counted in whole seconds, from the moment at which the connection was made. */
function expectKeepAlive(local: number, remote: number, ms: number): void {
  const { timer, timerMs } = kernelSocket(local, remote);
  expect(timer).toBe("keepalive");
  expect(timerMs).toBeLessThanOrEqual(ms);
  expect(timerMs).toBeGreaterThan(ms - 30_000);
}

async function expectRefusal(attempt: Promise<unknown>): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ code: "runtime-unsupported" });
}

describe("keepAliveMs", () => {
  const ends: (() => void | Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function listen(keepAliveMs?: number): Promise<TcpListener> {
    const listener = await listenOnTcp(native, keepAliveMs === undefined ? {} : { keepAliveMs });
    ends.push(() => listener.close());
    return listener;
  }

  async function accept(listener: Listener): Promise<Connection> {
    const { value } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
    ends.push(() => value.abort());
    return value;
  }

  it("reaches the sockets that are accepted, or is refused before anything listens", async () => {
    if (refuses) return expectRefusal(listen(600_000));
    const listener = await listen(600_000);
    const client = await dialNet(listener.address);
    ends.push(() => client.reset());
    await accept(listener);
    if (shown) expectKeepAlive(listener.address.port, client.port, 600_000);
  });

  it("reaches the sockets that connect, or is refused before anything connects", async () => {
    const listener = await listen();
    const connecting = native.connect({ ...listener.address, keepAliveMs: 600_000 });
    if (refuses) return expectRefusal(connecting);
    const near = await connecting;
    ends.push(() => near.abort());
    if (shown) expectKeepAlive(near.localAddress.port as number, listener.address.port, 600_000);
  });

  it("is an option of serve(), in whole seconds that are rounded up", async () => {
    const serving = serve({ port: 0, codec: lines(), handler: (line) => line, keepAliveMs: 120_000.5 });
    if (refuses) return expectRefusal(serving);
    const server = await serving;
    ends.push(() => server.shutdown());
    const client = await dialNet(server.address);
    client.send("hello\n");
    await client.until("\n");
    if (shown) expectKeepAlive(server.address.port, client.port, 121_000);
    client.finish();
  });

  it("is off unless it is asked for", async () => {
    const listener = await listen();
    const client = await dialNet(listener.address);
    ends.push(() => client.reset());
    await accept(listener);
    if (shown) expect(kernelSocket(listener.address.port, client.port).timer).toBe("00");
  });
});

// What Bun does in moments that a test cannot bring about in its own process. The socket is made up, so this runs everywhere.
import { expect, it } from "vitest";
import { BunDriver } from "../../src/adapters/bun/driver.ts";
import type { TcpSocket } from "../../src/adapters/bun/native.ts";

it("a connection of Bun's that was reset before it was accepted has an empty address, and port 0", () => {
  // Measured: after a reset before `open` both addresses are undefined.
  const forgotten = {
    pause() {},
    resume() {},
    remoteAddress: undefined,
    remotePort: undefined,
    localAddress: undefined,
    localPort: undefined,
  } as unknown as TcpSocket<BunDriver>;
  const { connection } = new BunDriver(forgotten, undefined);
  expect([connection.remoteAddress, connection.localAddress]).toEqual([
    { hostname: "", port: 0 },
    { hostname: "", port: 0 },
  ]);
});

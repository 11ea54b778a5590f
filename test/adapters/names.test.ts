// How the adapters of Node and Bun connect to a name that has several addresses, whatever the system's resolver would say.
import { createServer, type Server, Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connect as connectOnBun } from "../../src/adapters/bun/connect.ts";
import { connect as connectOnNode } from "../../src/adapters/node/connect.ts";

/** Where nobody answers: a connection to it is never made, and never refused. */
const SILENT = "192.0.2.1";

const silent: Socket[] = [];
const bunConnect = vi.hoisted(() => vi.fn<(options: { hostname: string }) => Promise<unknown>>());

vi.mock("../../src/adapters/node/native.ts", async (original) => {
  const native = await original<typeof import("../../src/adapters/node/native.ts")>();
  return {
    ...native,
    lookup: (_: string, { all }: { all?: boolean }) => {
      const addresses = ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
      return Promise.resolve(all === true ? addresses : addresses[0]);
    },
    connect: (options: { host: string; port: number }) => {
      if (options.port !== 1) return native.connect(options as never);
      const socket = new Socket();
      silent.push(socket);
      return socket;
    },
  };
});

vi.mock("../../src/adapters/bun/native.ts", () => ({
  native: () => ({
    dns: { lookup: () => Promise.resolve([{ address: SILENT }, { address: "127.0.0.1" }]) },
  }),
  connect: bunConnect,
}));

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

describe("the Node transport", () => {
  it("goes on to the next address of a name when the first refuses", async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const connection = await connectOnNode({ hostname: "several.test", port });
    expect(connection.remoteAddress).toEqual({ hostname: "127.0.0.1", port });
    connection.abort();
  });

  it("gives up the attempts that are under way when nobody wants a connection any more", async () => {
    const controller = new AbortController();
    const connecting = connectOnNode({ hostname: "several.test", port: 1, signal: controller.signal });
    await vi.waitFor(() => expect(silent).toHaveLength(2));
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: "connect-aborted" });
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });
});

describe("the Bun transport", () => {
  it("resolves a name itself, and tries each address of it", async () => {
    bunConnect.mockRejectedValue(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    await expect(connectOnBun({ hostname: "several.test", port: 1 })).rejects.toMatchObject({
      code: "connection-refused",
    });
    const hosts = bunConnect.mock.calls.map(([options]) => options.hostname);
    expect(hosts).toEqual([SILENT, "127.0.0.1"]);
  });
});

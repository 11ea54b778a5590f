// The effect of the options of a TCP listener on a runtime, or their refusal. An option is never ignored.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { transport as node } from "../../src/adapters/node/mod.ts";
import { type Listener, transport as native, type TcpAddress, type Transport } from "../../src/mod.ts";
import { listenOnTcp } from "../support/tcp_listener.ts";
import { kernelSocket, shown } from "./support/kernel_sockets.ts";
import { ListenerProcess } from "./support/listener_process.ts";
import { dialNet } from "./support/net_client.ts";

const [runtime = ""] = native.name.split(" ");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
/** Whether Deno runs with --unstable-net. */
const unstable = "listenDatagram" in ((globalThis as { Deno?: object }).Deno ?? {});
/** Node before 22.12 does not share a port. */
const shares = runtime !== "node" || major > 22 || (major === 22 && minor >= 12);
const linux = process.platform === "linux";

const ends: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function listen(transport: Transport, options: Parameters<typeof listenOnTcp>[1]) {
  const listener = await listenOnTcp(transport, options);
  ends.push(() => listener.close());
  return listener;
}

async function expectRefusal(attempt: Promise<unknown>, message: string): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ name: "SpillwayError", code: "runtime-unsupported" });
  await expect(attempt).rejects.toThrow(message);
}

/** The runtime's own transport, and that of node:net inside it. */
const TRANSPORTS = [
  ["its own transport", native],
  ["node:net", node],
] as const;

describe.each(TRANSPORTS)("a TCP listener of %s", (_name, transport) => {
  it("on :: leaves IPv4 to others if it is told to, or refuses that", async () => {
    const options = { hostname: "::", ipv6Only: true };
    if (runtime === "deno") return expectRefusal(listen(transport, options), "listen on the IPv6 address itself");
    const six = await listen(transport, options);
    const { port } = six.address;
    await expect(dialNet({ hostname: "127.0.0.1", port })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const four = await listen(transport, { hostname: "0.0.0.0", port });
    expect(four.address).toEqual({ hostname: "0.0.0.0", port });
    for (const hostname of ["::1", "127.0.0.1"]) (await dialNet({ hostname, port })).reset();
  });

  it("on :: takes IPv4 too unless it is told not to", async () => {
    for (const options of [{ hostname: "::" }, { hostname: "::", ipv6Only: false }]) {
      const { port } = (await listen(transport, options)).address;
      (await dialNet({ hostname: "127.0.0.1", port })).reset();
    }
  });

  it("has its port to itself unless it shares it", async () => {
    for (const options of [{}, { reusePort: false }]) {
      const { port } = (await listen(transport, options)).address;
      await expect(listen(transport, { ...options, port })).rejects.toMatchObject({ code: "address-in-use" });
    }
  });

  it("shares its port if it is told to, or refuses that", async () => {
    if (!shares) {
      return expectRefusal(listen(transport, { reusePort: true }), `needs Node 22.12, and this is ${major}.${minor}`);
    }
    if (runtime === "deno" && transport === native && !unstable) {
      return expectRefusal(listen(transport, { reusePort: true }), "run it with that flag");
    }
    if (!linux) return;
    const first = await listen(transport, { reusePort: true });
    const second = await listen(transport, { reusePort: true, port: first.address.port });
    expect(second.address).toEqual(first.address);
    // The kernel gives each connection to one of them.
    const accepted = [0, 0];
    const count = async (listener: Listener, index: 0 | 1) => {
      for await (const connection of listener) {
        accepted[index] = (accepted[index] as number) + 1;
        void connection.close();
      }
    };
    void count(first, 0);
    void count(second, 1);
    for (let client = 0; client < 64; client++) await (await dialNet(first.address)).ended;
    expect(accepted[0]).toBeGreaterThan(0);
    expect(accepted[1]).toBeGreaterThan(0);
  });
});

describe("node:net", () => {
  it("probes the connections of a listener with keepAliveMs, on every runtime", async () => {
    const listener = await listen(node, { keepAliveMs: 600_000 });
    const client = await dialNet(listener.address);
    ends.push(() => client.reset());
    await listener[Symbol.asyncIterator]().next();
    if (shown) expect(kernelSocket(listener.address.port, client.port).timer).toBe("keepalive");
  });

  it("on Bun refuses to delay small writes, which it would not do", async () => {
    const listening = listen(node, { noDelay: false });
    if (runtime === "bun") await expectRefusal(listening, "spillway/bun");
    else await listening;
  });
});

describe("a process that is to share its port", () => {
  it("shares it where it may, and is not ended where it may not", { timeout: 60_000 }, async () => {
    const options = { hostname: "127.0.0.1", backlog: 16, reusePort: true };
    const start = (port: number, flags: readonly string[]) => {
      const child = new ListenerProcess({ ...options, port }, { flags });
      ends.push(() => child.kill());
      return child.printed;
    };
    const refused = { code: "runtime-unsupported", message: expect.any(String) };
    if (runtime === "deno") {
      // Which is why it is asked before.
      expect(spawnSync(process.execPath, ["eval", "Deno.listen({ port: 0, reusePort: true })"]).status).toBe(70);
      expect(await start(0, [])).toEqual(refused);
    }
    const flags = runtime === "deno" ? ["--unstable-net"] : [];
    const first = await start(0, flags);
    if (!shares) return expect(first).toEqual(refused);
    if (linux) expect(await start((first as TcpAddress).port, flags)).toEqual(first);
  });
});

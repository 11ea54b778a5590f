// How the Deno adapter learns that the runtime has polled, where the runtime cannot be made to misbehave. Deno is made up here.
import { beforeEach, describe, expect, it, vi } from "vitest";

const PORT = 50_000;

const deno = vi.hoisted(() => ({
  calls: [] as string[],
  state: "granted",
  /** The port that the accepted end says its other end has. */
  acceptedPort: 0,
  readFails: false,
}));

vi.mock("../../src/adapters/deno/native.ts", () => {
  const end = (name: string, localPort: number, remotePort: () => number) => ({
    localAddr: { hostname: "127.0.0.1", port: localPort },
    get remoteAddr() {
      return { hostname: "127.0.0.1", port: remotePort() };
    },
    write: (bytes: Uint8Array) => {
      deno.calls.push(`${name} writes ${bytes.length}`);
      return Promise.resolve(bytes.length);
    },
    read: () => {
      deno.calls.push(`${name} reads`);
      return deno.readFails ? Promise.reject(new Error("broken")) : Promise.resolve(1);
    },
    close: () => void deno.calls.push(`${name} closes`),
    setNoDelay: () => void deno.calls.push(`${name} has no delay`),
  });
  return {
    native: () => ({
      permissions: { querySync: () => ({ state: deno.state }) },
      listen: () => {
        deno.calls.push("listens");
        return {
          addr: { hostname: "127.0.0.1", port: 1 },
          accept: () => Promise.resolve(end("far", 1, () => deno.acceptedPort)),
          close: () => void deno.calls.push("listener closes"),
        };
      },
      connect: () => Promise.resolve(end("near", PORT, () => 1)),
    }),
  };
});

beforeEach(() => {
  vi.resetModules();
  Object.assign(deno, { calls: [], state: "granted", acceptedPort: PORT, readFails: false });
});

/** A module of its own for each test, as the loopback is one for a process. */
async function fresh() {
  const { afterIo } = await import("../../src/adapters/deno/after_io.ts");
  return { afterIo, round: () => new Promise<void>((resolve) => afterIo(resolve)) };
}

const OPENED = ["listens", "near has no delay", "listener closes"];

describe("the loopback of the Deno transport", () => {
  it("is opened once, while timers stand in for it, and leaves no listener", async () => {
    const { round } = await fresh();
    await Promise.all([round(), round()]);
    expect(deno.calls).toEqual(OPENED);
  });

  it("sends a byte for any number of callbacks, and calls them back when it has come", async () => {
    const { round } = await fresh();
    await round();
    await Promise.all([round(), round(), round()]);
    expect(deno.calls).toEqual([...OPENED, "near writes 1", "far reads"]);
    await round();
    expect(deno.calls).toHaveLength(OPENED.length + 4);
  });

  it("is not opened without the permission, which Deno would ask the user for", async () => {
    deno.state = "prompt";
    const { round } = await fresh();
    await round();
    await round();
    expect(deno.calls).toEqual([]);
  });

  it("is given up, both ends closed, when another process was accepted", async () => {
    deno.acceptedPort = PORT + 1;
    const { round } = await fresh();
    await round();
    await round();
    expect(deno.calls).toEqual(["listens", "near closes", "far closes", "listener closes"]);
  });

  it("that breaks calls back all the same, and is not used again", async () => {
    const { round } = await fresh();
    await round();
    deno.readFails = true;
    await round();
    await round();
    expect(deno.calls).toEqual([...OPENED, "near writes 1", "far reads"]);
  });
});

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type ManualClock, manualClock } from "spillway/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dialNet } from "../conformance/support/net_client.ts";
import { type Client, eventually } from "../conformance/support/platform.ts";
import { Received } from "../conformance/support/received.ts";
import { type Link, ToxicProxy } from "./toxic_proxy.ts";
import type { ToxicKind, Toxics } from "./toxics.ts";

/** The server's end of a connection through the proxy. */
class FarEnd {
  readonly received = new Received();
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Uint8Array) => this.received.push(chunk));
    socket.on("end", () => this.received.end("fin"));
    socket.on("error", () => this.received.end("reset"));
    socket.on("close", () => this.received.end("reset"));
  }
}

let server: Server;
let proxy: ToxicProxy | undefined;
let clock: ManualClock;
let told: ToxicKind[];
const sockets = new Set<Socket>();
const farEnds: FarEnd[] = [];

beforeEach(async () => {
  clock = manualClock();
  told = [];
  farEnds.length = 0;
  server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    farEnds.push(new FarEnd(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  await proxy?.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
});

async function through(toxics: Toxics): Promise<{ near: Client; far: FarEnd; link: Link }> {
  const { port } = server.address() as AddressInfo;
  proxy = await ToxicProxy.start({ to: port, toxics: () => toxics, onToxic: (kind) => told.push(kind), clock });
  const near = await dialNet({ hostname: "127.0.0.1", port: proxy.port }, { halfOpen: true });
  await eventually(() => farEnds.length > 0 && proxy?.link(near.port) !== undefined);
  return { near, far: farEnds[0] as FarEnd, link: proxy.link(near.port) as Link };
}

describe("without toxics, the proxy passes on", () => {
  it("bytes in both directions, and each FIN by itself", async () => {
    const { near, far } = await through({});
    near.send("question");
    await far.received.until("question");
    near.finish();
    expect(await far.received.ended).toBe("fin");
    far.socket.end("answer");
    expect(await near.rest()).toBe("answer");
    await eventually(() => proxy?.size === 0);
    expect(told).toEqual([]);
  });

  it("more than fits anywhere, while nobody reads", async () => {
    const { near, far, link } = await through({});
    far.socket.pause();
    const bytes = new Uint8Array(16_000_000).fill(7);
    near.send(bytes);
    await eventually(() => link.toServer.heldBytes >= 65_536);
    // The source is paused: one chunk is the most that comes on top.
    expect(link.toServer.heldBytes).toBeLessThan(65_536 + 1_048_576);
    far.socket.resume();
    await eventually(() => far.received.bytes === bytes.length);
  });

  it("a reset, whichever end it comes from", async () => {
    const one = await through({});
    one.near.reset();
    await one.far.received.ended;
    await eventually(() => proxy?.size === 0);
    await proxy?.close();
    farEnds.length = 0;
    const other = await through({});
    other.far.socket.resetAndDestroy();
    await other.near.ended;
    await eventually(() => proxy?.size === 0);
  });
});

describe("a toxic", () => {
  it("latency holds bytes and FIN back for its time", async () => {
    const { near, far, link } = await through({ toServer: [{ kind: "latency", ms: 100 }] });
    near.send("late");
    await eventually(() => link.toServer.heldBytes === 4);
    await clock.advance(99);
    expect(link.toServer).toMatchObject({ heldBytes: 4, passedBytes: 0 });
    await clock.advance(1);
    await far.received.until("late");
    near.finish();
    await eventually(() => clock.pending === 1);
    await clock.advance(100);
    expect(await far.received.ended).toBe("fin");
    expect(told).toEqual(["latency"]);
  });

  it("bandwidth passes on so much a second", async () => {
    const { near, far, link } = await through({ toServer: [{ kind: "bandwidth", bytesPerSecond: 1_000 }] });
    near.send("x".repeat(200));
    for (const passed of [50, 100, 150, 200]) {
      await eventually(() => far.received.bytes === passed && (passed === 200 || clock.pending === 1));
      expect(link.toServer.passedBytes).toBe(passed);
      await clock.advance(49);
      expect(link.toServer.passedBytes).toBe(passed);
      await clock.advance(1);
    }
    expect(told).toEqual(["bandwidth"]);
  });

  it("slice cuts what comes into pieces", async () => {
    const { near, far } = await through({ toServer: [{ kind: "slice", maxBytes: 3 }] });
    near.send("0123456789");
    expect(await far.received.until("9")).toBe("0123456789");
    expect(told).toEqual(["slice"]);
  });

  it("stall stops after so many bytes, and goes on", async () => {
    const { near, far, link } = await through({ toServer: [{ kind: "stall", afterBytes: 3, forMs: 1_000 }] });
    near.send("abcdef");
    await far.received.until("abc");
    await eventually(() => clock.pending === 1);
    await clock.advance(999);
    expect(link.toServer).toMatchObject({ heldBytes: 3, passedBytes: 3 });
    await clock.advance(1);
    expect(await far.received.until("f")).toBe("abcdef");
    expect(told).toEqual(["stall"]);
  });

  it("reset comes to both ends after so many bytes", async () => {
    const { near, far } = await through({ toServer: [{ kind: "reset", afterBytes: 3 }] });
    near.send("abcdef");
    await Promise.all([near.ended, far.received.ended]);
    await eventually(() => proxy?.size === 0);
    expect(far.received.bytes).toBeLessThanOrEqual(3);
    expect(told).toEqual(["reset"]);
  });

  it("limit-data gives FIN to both ends after so many bytes", async () => {
    const { near, far } = await through({ toClient: [{ kind: "limit-data", afterBytes: 3 }] });
    far.socket.write("abcdef");
    expect(await near.rest()).toBe("abc");
    expect(await near.ended).toBe("fin");
    expect(await far.received.ended).toBe("fin");
    near.finish();
    far.socket.end();
    await eventually(() => proxy?.size === 0);
    expect(told).toEqual(["limit-data"]);
  });

  it("half-close gives FIN to one end, and the other direction goes on", async () => {
    const { near, far, link } = await through({ toServer: [{ kind: "half-close", afterBytes: 3 }] });
    near.send("abcdef");
    expect(await far.received.rest()).toBe("abc");
    expect(await far.received.ended).toBe("fin");
    expect(link.toServer.passedBytes).toBe(3);
    far.socket.end("answer");
    expect(await near.rest()).toBe("answer");
    expect(told).toEqual(["half-close"]);
  });

  it("in one direction leaves the other as it is", async () => {
    const { near, far, link } = await through({ toClient: [{ kind: "latency", ms: 100 }] });
    near.send("at once");
    await far.received.until("at once");
    far.socket.write("late");
    await eventually(() => link.toClient.heldBytes === 4);
    await clock.advance(100);
    expect(await near.until("late")).toBe("late");
  });

  it("comes on top of others", async () => {
    const { near, far, link } = await through({
      toServer: [
        { kind: "slice", maxBytes: 2 },
        { kind: "half-close", afterBytes: 5 },
        { kind: "stall", afterBytes: 3, forMs: 10 },
        { kind: "latency", ms: 100 },
      ],
    });
    near.send("abcdef");
    await eventually(() => link.toServer.heldBytes === 6);
    await clock.advance(100);
    await far.received.until("abc");
    await eventually(() => clock.pending === 1);
    await clock.advance(10);
    expect(await far.received.rest()).toBe("abcde");
    expect(told.toSorted()).toEqual(["half-close", "latency", "slice", "stall"]);
  });
});

describe("while the proxy is down", () => {
  it("its connections are reset, and so are new ones; then it is up again", async () => {
    const { near, far } = await through({});
    (proxy as ToxicProxy).down = true;
    await Promise.all([near.ended, far.received.ended]);
    const address = { hostname: "127.0.0.1", port: (proxy as ToxicProxy).port };
    const refused = await dialNet(address).then(
      (client) => client.rest(),
      () => "",
    );
    expect(refused).toBe("");
    expect(told).toEqual(["down", "down"]);
    expect(farEnds).toHaveLength(1);

    (proxy as ToxicProxy).down = false;
    const again = await dialNet(address);
    again.send("hello");
    await eventually(() => farEnds.length === 2);
    await (farEnds[1] as FarEnd).received.until("hello");
  });
});

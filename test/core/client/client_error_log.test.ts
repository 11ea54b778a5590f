import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, lines } from "../../../src/core/mod.ts";
import { manualClock, memoryTransport } from "../../../src/testing/mod.ts";
import { Peer } from "../support/peer.ts";

let written: string[] = [];
beforeEach(() => {
  written = [];
  vi.spyOn(console, "error").mockImplementation((text: unknown) => void written.push(String(text)));
});
afterEach(() => vi.restoreAllMocks());

const firstLines = () => written.map((text) => text.split("\n")[0]);

/** A client of which nothing is asked but its errors. */
async function plainClient(options: Partial<Parameters<typeof connect<string, string>>[1]> = {}) {
  const [transport, clock] = [memoryTransport(), manualClock()];
  const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 16 });
  const peers: Peer[] = [];
  void (async () => {
    for await (const connection of listener) peers.push(new Peer(connection, clock));
  })();
  const client = await connect(transport, {
    hostname: "127.0.0.1",
    port: listener.address.port,
    codec: lines({ maxFrameBytes: 8 }),
    clock,
    reconnect: { jitter: 0, maxAttempts: 3 },
    ...options,
  } as Parameters<typeof connect<string, string>>[1]);
  await clock.advance(0);
  const peer = peers[0] as Peer;
  return { client, clock, listener, peer, where: `connection 1 to 127.0.0.1:${listener.address.port}` };
}

describe("a client without an observer", () => {
  it("says that it could not connect again, and why", async () => {
    const { clock, client, listener, peer } = await plainClient();
    listener.close();
    await peer.reset();
    await clock.advance(60_000);
    expect(firstLines()).toEqual(Array(3).fill(expect.stringMatching(/nothing listens on .* \[connection-refused\]$/)));
    expect([(await client.closed).reason, clock.pending]).toEqual(["connection-failed", 0]);
  });

  it("says what its codec refused, and what isPush threw, with the stack", async () => {
    const harness = await plainClient();
    await harness.peer.send("much too long\n");
    expect(firstLines()).toEqual([`spillway: ${harness.where}: a line of more than 8 bytes [frame-too-large]`]);
    harness.client.abort();
    written = [];
    const pushed = await plainClient({
      isPush: () => {
        throw new Error("not my frame");
      },
    });
    await pushed.peer.send("a\n");
    expect(firstLines()).toEqual([`spillway: ${pushed.where}: the handler threw: not my frame [handler-failed]`]);
    expect(written[0]).toContain("client_error_log.test.ts");
    pushed.client.abort();
  });

  it("says what onConnect threw", async () => {
    const onConnect = () => {
      throw new Error("wrong password");
    };
    await expect(plainClient({ onConnect })).rejects.toMatchObject({ code: "handler-failed" });
    expect(firstLines()).toEqual([
      expect.stringMatching(/^spillway: connection 1 to .*: onConnect threw: wrong password \[handler-failed\]$/),
    ]);
  });

  it("writes nothing of what is no error, and nothing at all when there is an observer", async () => {
    const quiet = await plainClient();
    await quiet.peer.finish();
    quiet.client.abort();
    const observed = await plainClient({ observer: () => {} });
    await observed.peer.send("much too long\n");
    observed.listener.close();
    await observed.clock.advance(60_000);
    expect(written).toEqual([]);
  });
});

describe("an observer of a client that throws", () => {
  it("is counted and reported, also where it names the client before connect has given it", async () => {
    const { client: here, peer } = await plainClient({
      observer: () => {
        void early.stats();
      },
    });
    const early = here;
    expect(here.stats().observerErrors).toBe(1);
    expect(firstLines()).toEqual([
      expect.stringContaining("spillway: the observer of a client threw at connection-opened: "),
    ]);
    await peer.finish();
    here.abort();
  });
});

import { describe, expect, it } from "vitest";
import { connected, outcome, taken } from "./support/connected.ts";

const isPush = (frame: string) => frame.startsWith("!");

describe("pushes", () => {
  it("are the frames that come while no request is pending", async () => {
    const harness = await connected();
    await harness.peer.send("one\n");
    const reply = outcome(harness.client.request("a"));
    await harness.peer.send("A\ntwo\n");
    const { frames } = taken(harness.client);
    await harness.settle();
    expect([reply(), frames]).toEqual(["A", ["one", "two"]]);
    await harness.peer.send("three\n");
    expect(frames).toEqual(["one", "two", "three"]);
  });

  it("are the frames that isPush says, also while a request is pending", async () => {
    const harness = await connected({ isPush });
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    const { frames } = taken(harness.client);
    await harness.peer.send("!1\nA\n!2\n!3\nB\n!4\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B"]);
    expect(frames).toEqual(["!1", "!2", "!3", "!4"]);
  });

  it("are not taken for the reply to a request that had not been sent when they came", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    const { frames } = taken(harness.client);
    await harness.peer.send("A\npush\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "…"]);
    expect(frames).toEqual(["push"]);
    await harness.peer.send("B\n");
    expect(replies[1]?.()).toBe("B");
  });

  it("go to one of several iterations each", async () => {
    const harness = await connected();
    const [one, other] = [taken(harness.client), taken(harness.client)];
    await harness.peer.send("1\n2\n3\n4\n");
    expect([...one.frames, ...other.frames].toSorted()).toEqual(["1", "2", "3", "4"]);
    expect(one.frames.length).toBeGreaterThan(0);
    expect(other.frames.length).toBeGreaterThan(0);
  });

  it("stay for the next loop when one is left, which closes nothing", async () => {
    const harness = await connected();
    await harness.peer.send("1\n2\n");
    for await (const frame of harness.client) {
      expect(frame).toBe("1");
      break;
    }
    const { frames } = taken(harness.client);
    await harness.peer.send("3\n");
    expect(frames).toEqual(["2", "3"]);
    expect(harness.events.map(({ type }) => type)).toEqual(["connection-opened"]);
  });
});

describe("at most maxPushes wait", () => {
  const LINE = `${"!".repeat(63)}\n`;

  it("and then nothing is read: the peer is pushed back, and goes on when they are taken", async () => {
    const harness = await connected({ maxPushes: 10, isPush }, { maxLinkBytes: 1_024 });
    for (let sent = 0; sent < 100; sent++) await harness.peer.send(LINE.repeat(4));
    const { bytesIn, waitingPushes } = harness.client.stats();
    expect(waitingPushes).toBe(10);
    // Ten that wait, one that found no room, what is left of its chunk, and one chunk ahead.
    expect(bytesIn).toBeLessThanOrEqual(11 * 64 + 2 * 1_024);
    await harness.clock.advance(60_000);
    expect(harness.client.stats().bytesIn).toBe(bytesIn);
    const { frames } = taken(harness.client);
    await harness.settle();
    expect(frames).toHaveLength(400);
    expect(harness.client.stats()).toMatchObject({ bytesIn: 400 * 64, pushesDropped: 0 });
  });

  it("and a reply behind them is not read: its request times out when nobody iterates", async () => {
    const harness = await connected({ maxPushes: 2, isPush, requestTimeoutMs: 1_000 });
    const late = outcome(harness.client.request("a"));
    await harness.peer.send("!1\n!2\n!3\nA\n");
    await harness.clock.advance(1_000);
    expect(late()).toBe("request-timeout");
    const next = outcome(harness.client.request("b"));
    const { frames } = taken(harness.client);
    await harness.peer.send("B\n");
    expect(frames).toEqual(["!1", "!2", "!3"]);
    expect(next()).toBe("B");
  });

  it("across connections: a server that greets and goes away fills nothing up", async () => {
    const harness = await connected({ maxPushes: 3, reconnect: { jitter: 0 } });
    for (let count = 0; count < 10; count++) {
      await harness.peer.send(`hello ${count}\n`);
      await harness.peer.reset();
      await harness.clock.advance(30_000);
    }
    expect(harness.client.stats()).toMatchObject({ connections: 11, waitingPushes: 3, pushesDropped: 7 });
  });

  it("which is not the idleness of the connection: that ends when they are taken", async () => {
    const harness = await connected({ maxPushes: 1, idleTimeoutMs: 1_000 });
    await harness.peer.send("1\n2\n");
    await harness.clock.advance(5_000);
    expect(harness.client.connection).toBeDefined();
    const { frames, end } = taken(harness.client);
    await harness.clock.advance(999);
    expect([frames, end()]).toEqual([["1", "2"], "…"]);
    await harness.clock.advance(1);
    expect(end()).toBe("done");
  });
});

describe("the iteration", () => {
  it("ends when the client is closed, behind what waits", async () => {
    const harness = await connected();
    await harness.peer.send("1\n2\n");
    const closed = harness.client.close();
    await harness.settle();
    expect(await closed).toEqual({ drained: 0, aborted: 0 });
    const { frames, end } = taken(harness.client);
    await harness.settle();
    expect([frames, end()]).toEqual([["1", "2"], "done"]);
  });

  it("ends when the peer closes in order", async () => {
    const harness = await connected();
    const { frames, end } = taken(harness.client);
    await harness.peer.send("1\n");
    await harness.peer.finish();
    expect([frames, end()]).toEqual([["1"], "done"]);
  });

  it("throws what broke the connection, behind what came before, in each loop", async () => {
    const harness = await connected();
    const waiting = taken(harness.client);
    await harness.peer.send("1\n");
    await harness.peer.reset();
    const later = taken(harness.client);
    await harness.settle();
    expect([waiting.frames, waiting.end(), later.frames, later.end()]).toEqual([
      ["1"],
      "connection-reset",
      [],
      "connection-reset",
    ]);
  });

  it("throws `aborted`, and drops what waits, at abort()", async () => {
    const harness = await connected();
    await harness.peer.send("1\n2\n");
    harness.client.abort();
    await harness.settle();
    const { frames, end } = taken(harness.client);
    await harness.settle();
    expect([frames, end()]).toEqual([[], "aborted"]);
    expect(harness.client.stats().pushesDropped).toBe(2);
  });

  it("goes on over a reconnection", async () => {
    const harness = await connected({ reconnect: true });
    const { frames, end } = taken(harness.client);
    await harness.peer.send("1\n");
    await harness.peer.reset();
    await harness.clock.advance(100);
    await harness.peer.send("2\n");
    expect([frames, end()]).toEqual([["1", "2"], "…"]);
  });
});

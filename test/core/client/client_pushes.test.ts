import { describe, expect, it } from "vitest";
import { connected, outcome, taken } from "./connected.ts";

const isPush = (frame: string) => frame.startsWith("!");

describe("pushes", () => {
  it("are the frames that come while no request is pending", async () => {
    const it = await connected();
    await it.other.send("one\n");
    const reply = outcome(it.client.request("a"));
    await it.other.send("A\ntwo\n");
    const { frames } = taken(it.client);
    await it.settle();
    expect([reply(), frames]).toEqual(["A", ["one", "two"]]);
    await it.other.send("three\n");
    expect(frames).toEqual(["one", "two", "three"]);
  });

  it("are the frames that isPush says, also while a request is pending", async () => {
    const it = await connected({ isPush });
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    const { frames } = taken(it.client);
    await it.other.send("!1\nA\n!2\n!3\nB\n!4\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B"]);
    expect(frames).toEqual(["!1", "!2", "!3", "!4"]);
  });

  it("are not taken for the reply to a request that had not been sent when they came", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    const { frames } = taken(it.client);
    await it.other.send("A\npush\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "…"]);
    expect(frames).toEqual(["push"]);
    await it.other.send("B\n");
    expect(replies[1]?.()).toBe("B");
  });

  it("go to one of several iterations each", async () => {
    const it = await connected();
    const [one, other] = [taken(it.client), taken(it.client)];
    await it.other.send("1\n2\n3\n4\n");
    expect([...one.frames, ...other.frames].toSorted()).toEqual(["1", "2", "3", "4"]);
    expect(one.frames.length).toBeGreaterThan(0);
    expect(other.frames.length).toBeGreaterThan(0);
  });

  it("stay for the next loop when one is left, which closes nothing", async () => {
    const it = await connected();
    await it.other.send("1\n2\n");
    for await (const frame of it.client) {
      expect(frame).toBe("1");
      break;
    }
    const { frames } = taken(it.client);
    await it.other.send("3\n");
    expect(frames).toEqual(["2", "3"]);
    expect(it.events.map(({ type }) => type)).toEqual(["connection-opened"]);
  });
});

describe("at most maxPushes wait", () => {
  const LINE = `${"!".repeat(63)}\n`;

  it("and then nothing is read: the other side is pushed back, and goes on when they are taken", async () => {
    const it = await connected({ maxPushes: 10, isPush }, { maxLinkBytes: 1_024 });
    for (let sent = 0; sent < 100; sent++) await it.other.send(LINE.repeat(4));
    const { bytesIn, waitingPushes } = it.client.stats();
    expect(waitingPushes).toBe(10);
    // Ten that wait, one that found no room, what is left of its chunk, and one chunk ahead.
    expect(bytesIn).toBeLessThanOrEqual(11 * 64 + 2 * 1_024);
    await it.clock.advance(60_000);
    expect(it.client.stats().bytesIn).toBe(bytesIn);
    const { frames } = taken(it.client);
    await it.settle();
    expect(frames).toHaveLength(400);
    expect(it.client.stats()).toMatchObject({ bytesIn: 400 * 64, pushesDropped: 0 });
  });

  it("and a reply behind them is not read: its request times out when nobody iterates", async () => {
    const it = await connected({ maxPushes: 2, isPush, requestTimeoutMs: 1_000 });
    const late = outcome(it.client.request("a"));
    await it.other.send("!1\n!2\n!3\nA\n");
    await it.clock.advance(1_000);
    expect(late()).toBe("request-timeout");
    const next = outcome(it.client.request("b"));
    const { frames } = taken(it.client);
    await it.other.send("B\n");
    expect(frames).toEqual(["!1", "!2", "!3"]);
    expect(next()).toBe("B");
  });

  it("across connections: a server that greets and goes away fills nothing up", async () => {
    const it = await connected({ maxPushes: 3, reconnect: { jitter: 0 } });
    for (let count = 0; count < 10; count++) {
      await it.other.send(`hello ${count}\n`);
      await it.other.reset();
      await it.clock.advance(30_000);
    }
    expect(it.client.stats()).toMatchObject({ connections: 11, waitingPushes: 3, pushesDropped: 7 });
  });

  it("which is not the idleness of the connection: that ends when they are taken", async () => {
    const it = await connected({ maxPushes: 1, idleTimeoutMs: 1_000 });
    await it.other.send("1\n2\n");
    await it.clock.advance(5_000);
    expect(it.client.connection).toBeDefined();
    const { frames, end } = taken(it.client);
    await it.clock.advance(999);
    expect([frames, end()]).toEqual([["1", "2"], "…"]);
    await it.clock.advance(1);
    expect(end()).toBe("done");
  });
});

describe("the iteration", () => {
  it("ends when the client is closed, behind what waits", async () => {
    const it = await connected();
    await it.other.send("1\n2\n");
    const closed = it.client.close();
    await it.settle();
    expect(await closed).toEqual({ drained: 0, aborted: 0 });
    const { frames, end } = taken(it.client);
    await it.settle();
    expect([frames, end()]).toEqual([["1", "2"], "done"]);
  });

  it("ends when the other side closes in order", async () => {
    const it = await connected();
    const { frames, end } = taken(it.client);
    await it.other.send("1\n");
    await it.other.finish();
    expect([frames, end()]).toEqual([["1"], "done"]);
  });

  it("throws what broke the connection, behind what came before, in each loop", async () => {
    const it = await connected();
    const waiting = taken(it.client);
    await it.other.send("1\n");
    await it.other.reset();
    const later = taken(it.client);
    await it.settle();
    expect([waiting.frames, waiting.end(), later.frames, later.end()]).toEqual([
      ["1"],
      "connection-reset",
      [],
      "connection-reset",
    ]);
  });

  it("throws `aborted`, and drops what waits, at abort()", async () => {
    const it = await connected();
    await it.other.send("1\n2\n");
    it.client.abort();
    await it.settle();
    const { frames, end } = taken(it.client);
    await it.settle();
    expect([frames, end()]).toEqual([[], "aborted"]);
    expect(it.client.stats().pushesDropped).toBe(2);
  });

  it("goes on over a reconnection", async () => {
    const it = await connected({ reconnect: true });
    const { frames, end } = taken(it.client);
    await it.other.send("1\n");
    await it.other.reset();
    await it.clock.advance(100);
    await it.other.send("2\n");
    expect([frames, end()]).toEqual([["1", "2"], "…"]);
  });
});

import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { Envelope } from "../../src/cluster/messages.ts";
import { ReceivedSockets } from "../../src/cluster/received_sockets.ts";
import type { WorkerHost } from "../../src/cluster/worker_host.ts";
import { manualClock } from "../../src/testing/mod.ts";

class FakeHost extends EventEmitter implements WorkerHost {
  readonly env = {};
  readonly said: string[] = [];
  connected = true;

  send({ spillway }: Envelope): void {
    this.said.push(spillway.type);
  }
}

function socket() {
  const handle = { closed: false, close: () => void (handle.closed = true) };
  return handle;
}

function received() {
  const host = new FakeHost();
  const clock = manualClock();
  return {
    clock,
    host,
    sockets: new ReceivedSockets(host, clock),
    send: (handle?: object) => host.emit("message", { type: "socket", index: 0 }, handle),
  };
}

describe("the sockets that a supervisor sends", () => {
  it("are offered, taken, and confirmed", async () => {
    const { host, send, sockets } = received();
    const one = socket();
    const asked = sockets.again(0);
    host.emit("message", { type: "offer" });
    send(one);
    expect(await asked).toBe(one);
    expect(host.said).toEqual(["again", "take", "taken"]);
  });

  it("are asked for anew every 5 s until they come: one for which there is no descriptor does not", async () => {
    const { clock, host, send, sockets } = received();
    const one = socket();
    const asked = sockets.again(0);
    // The message has come, and the socket has not.
    send();
    await clock.advance(4_999);
    expect(host.said).toEqual(["again", "taken"]);
    await clock.advance(5_001);
    expect(host.said).toEqual(["again", "taken", "again", "again"]);
    send(one);
    expect(await asked).toBe(one);
    await clock.advance(20_000);
    expect(host.said.filter((type) => type === "again")).toHaveLength(3);
  });

  it("are closed when they have come already: a supervisor that was slow answers every question", async () => {
    const { clock, send, sockets } = received();
    const asked = sockets.again(0);
    await clock.advance(5_000);
    const [one, other] = [socket(), socket()];
    send(one);
    send(other);
    expect(await asked).toBe(one);
    expect([one.closed, other.closed]).toEqual([false, true]);
  });

  it("are not asked for any more when the supervisor has ended", async () => {
    const { clock, host, sockets } = received();
    void sockets.again(0);
    host.connected = false;
    host.emit("disconnect");
    expect(clock.pending).toBe(0);
    void sockets.again(0);
    expect([host.said, clock.pending]).toEqual([["again"], 0]);
  });
});

import { describe, expect, it } from "vitest";
import type { ObservedServer, ServerStats } from "../../../src/core/mod.ts";
import { WatchedServers } from "../../../src/observers/metrics/watched_servers.ts";

const NOTHING: ServerStats = {
  connections: 0,
  establishing: 0,
  accepted: 0,
  establishFailed: 0,
  refused: 0,
  handlers: 0,
  groups: 0,
  waitingOutboundBytes: 0,
  waitingInboundBytes: 0,
  observerErrors: 0,
  bytesIn: 0,
  bytesOut: 0,
  framesIn: 0,
  framesOut: 0,
  framesDropped: 0,
};

/** A server that counts how often it is asked. */
class AskedServer implements ObservedServer {
  state: ObservedServer["state"] = "listening";
  readonly addresses = [];
  readonly sessions = [];
  readonly groups = [];
  asked = 0;
  framesIn = 0;

  stopAccepting(): void {}

  shutdown(): Promise<never> {
    throw new Error("metrics shut no server down");
  }

  stats(): ServerStats {
    this.asked += 1;
    return { ...NOTHING, framesIn: this.framesIn };
  }
}

describe("watched servers", () => {
  it("are asked once more when they are closed, and then let go", () => {
    const servers = new WatchedServers();
    const first = new AskedServer();
    const second = new AskedServer();
    servers.add(first);
    servers.add(second);
    first.framesIn = 3;
    first.state = "closed";
    expect(servers.running).toBe(true);
    for (let scrape = 0; scrape < 5; scrape += 1) expect(servers.totals().framesIn).toBe(3);
    expect([first.asked, second.asked]).toEqual([1, 5]);
    expect(servers.states()).toEqual({ listening: 1, "accepting-stopped": 0, draining: 0, closed: 1 });
    second.state = "closed";
    expect(servers.running).toBe(false);
  });

  it("are let go when the next one listens, if nobody asks", () => {
    const servers = new WatchedServers();
    for (let round = 0; round < 5; round += 1) {
      const server = new AskedServer();
      servers.add(server);
      server.framesIn = 1;
      server.state = "closed";
      servers.add(new AskedServer());
      expect(server.asked).toBe(1);
    }
    expect(servers.totals().framesIn).toBe(5);
  });
});

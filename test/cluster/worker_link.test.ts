// A worker's end of the channel, with a supervisor that the test plays.
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { Assignment, Envelope, FromWorker, ToWorker } from "../../src/cluster/messages.ts";
import type { WorkerHost } from "../../src/cluster/worker_host.ts";
import { WorkerLink } from "../../src/cluster/worker_link.ts";
import { memoryTransport } from "../../src/testing/mod.ts";

const ASSIGNMENT: Assignment = {
  version: 1,
  slot: 2,
  workers: 4,
  sockets: [{ place: "tcp://h:1", target: { port: 1, hostname: "h" }, address: { hostname: "h", port: 1 }, fd: 4 }],
  inheritor: 7,
};

class FakeHost extends EventEmitter implements WorkerHost {
  readonly env: Record<string, string | undefined>;
  readonly said: FromWorker[] = [];
  readonly exits: number[] = [];
  connected = true;

  constructor(assignment: Assignment | undefined) {
    super();
    this.env = assignment === undefined ? {} : { SPILLWAY_WORKER: JSON.stringify(assignment) };
  }

  send({ spillway }: Envelope): void {
    this.said.push(spillway);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  disconnect(): void {
    this.connected = false;
    this.emit("disconnect");
  }

  tell(message: ToWorker, handle?: object): void {
    this.emit("message", message, handle);
  }

  get types(): string[] {
    return this.said.map(({ type }) => type);
  }
}

function server() {
  const calls: unknown[] = [];
  let onFinished = () => {};
  const finished = new Promise<void>((resolve) => {
    onFinished = resolve;
  });
  return {
    calls,
    finished,
    end: () => onFinished(),
    shutdown(options?: object) {
      calls.push(options);
      return finished;
    },
  };
}

async function joined() {
  const host = new FakeHost(ASSIGNMENT);
  return { host, link: await WorkerLink.join(host, memoryTransport()), server: server() };
}

describe("a worker's link", () => {
  it("joins with what the variable says, and removes that", async () => {
    const { host, link } = await joined();
    expect(link.assignment).toEqual(ASSIGNMENT);
    expect(host.env).toEqual({ SPILLWAY_WORKER: undefined });
    expect(host.said).toEqual([{ type: "up", version: 1 }]);
  });

  it.each<[string, Assignment | undefined, boolean]>([
    ["without the variable", undefined, true],
    ["without a channel", ASSIGNMENT, false],
  ])("cannot join %s", async (_, assignment, connected) => {
    const host = new FakeHost(assignment);
    host.connected = connected;
    await expect(WorkerLink.join(host, memoryTransport())).rejects.toMatchObject({ code: "listen-failed" });
  });

  it("waits for sockets that are sent", async () => {
    const [{ fd: _, ...sent }] = ASSIGNMENT.sockets as [Assignment["sockets"][number]];
    const host = new FakeHost({ ...ASSIGNMENT, sockets: [sent, sent] });
    const link = WorkerLink.join(host, memoryTransport());
    host.tell({ type: "offer" });
    host.tell({ type: "socket", index: 1 }, {});
    host.tell({ type: "ping" });
    host.tell({ type: "offer" });
    host.tell({ type: "socket", index: 0 }, {});
    await expect(link).resolves.toBeInstanceOf(WorkerLink);
    // The ping is answered when it has joined.
    expect(host.types).toEqual(["up", "take", "taken", "take", "taken", "pong"]);
  });

  it("fails to join when the supervisor ends before", async () => {
    const [{ fd: _, ...sent }] = ASSIGNMENT.sockets as [Assignment["sockets"][number]];
    const host = new FakeHost({ ...ASSIGNMENT, sockets: [sent] });
    const link = WorkerLink.join(host, memoryTransport());
    host.disconnect();
    await expect(link).rejects.toMatchObject({ code: "listen-failed" });
  });

  it("is ready when there is a server, and answers pings before", async () => {
    const { host, link, server: served } = await joined();
    host.tell({ type: "ping" });
    link.serving(served);
    expect(host.types).toEqual(["up", "pong", "ready"]);
  });

  it("is not ready when the server drains already", async () => {
    const { host, link, server: served } = await joined();
    link.draining();
    link.serving(served);
    expect(host.types).toEqual(["up", "draining"]);
  });

  it("lets the server drain once, whoever asks first", async () => {
    const { host, link, server: served } = await joined();
    link.serving(served);
    host.tell({ type: "drain", graceMs: 300 });
    host.tell({ type: "drain" });
    expect(served.calls).toEqual([{ graceMs: 300 }]);
    expect(host.types).toEqual(["up", "ready", "draining"]);
  });

  it("does not force a server that a signal has made drain", async () => {
    const { host, link, server: served } = await joined();
    link.serving(served);
    link.draining();
    host.tell({ type: "drain" });
    host.disconnect();
    expect(served.calls).toEqual([]);
  });

  it.each([
    ["that drains", true, 1],
    ["that serves", false, 2],
  ])("forces a server %s", async (_, drains, calls) => {
    const { host, link, server: served } = await joined();
    link.serving(served);
    if (drains) link.draining();
    host.tell({ type: "force" });
    expect(served.calls).toHaveLength(calls);
  });

  it("does what was asked for before there was a server", async () => {
    const { host, link, server: served } = await joined();
    host.tell({ type: "drain" });
    link.serving(served);
    expect(served.calls).toEqual([{}]);
    expect(host.types).not.toContain("ready");
  });

  it("ends at once when nothing was accepted yet: a service may never finish to load", async () => {
    const { host } = await joined();
    host.tell({ type: "drain" });
    host.disconnect();
    expect(host.exits).toEqual([0, 1]);
  });

  it("waits for a server that is about to listen", async () => {
    const { host, link } = await joined();
    // The place is one that nobody holds.
    await expect(link.transport.listen({ hostname: "h", port: 2, backlog: 1 })).rejects.toMatchObject({
      code: "listen-failed",
    });
    host.tell({ type: "drain" });
    expect(host.exits).toEqual([]);
  });

  it("lets the server drain when the supervisor ends, also before there is one", async () => {
    const one = await joined();
    one.link.serving(one.server);
    one.host.disconnect();
    const other = await joined();
    other.host.disconnect();
    other.link.serving(other.server);
    expect([one.server.calls.length, other.server.calls.length]).toEqual([1, 1]);
  });

  it("closes the channel when the server has ended", async () => {
    const { host, link, server: served } = await joined();
    link.serving(served);
    served.end();
    await served.finished;
    await Promise.resolve();
    expect(host.connected).toBe(false);
  });

  it("answers questions, and says what an answer threw", async () => {
    const { host, link } = await joined();
    link.answering = (question) => {
      if (question === "bad") throw new Error("no");
      return Promise.resolve(`${String(question)}!`);
    };
    host.tell({ type: "ask", id: 1, question: "hi" });
    host.tell({ type: "ask", id: 2, question: "bad" });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(host.said.filter(({ type }) => type === "answer")).toEqual(
      expect.arrayContaining([
        { type: "answer", id: 1, answer: "hi!" },
        { type: "answer", id: 2, error: "no" },
      ]),
    );
  });
});

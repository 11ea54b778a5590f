import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { EventStream, STREAM_BOUNDS } from "../../src/admin/event_stream.ts";
import { HTTP_BOUNDS, HttpServer } from "../../src/admin/http_server.ts";
import { admin } from "../../src/admin/mod.ts";
import { type ObservedServer, type ServerEvent, SpillwayError, systemClock } from "../../src/core/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { adminServed } from "./support/admin_served.ts";

/** Reads a stream of events as text. */
class Watcher {
  text = "";
  ended = false;
  readonly #controller = new AbortController();

  static async open(url: string): Promise<Watcher> {
    const watcher = new Watcher();
    const response = await fetch(`${url}/events`, { signal: watcher.#controller.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    void watcher.#read(response).catch(() => {
      watcher.ended = true;
    });
    await expect.poll(() => watcher.text).toContain("retry: 2000");
    return watcher;
  }

  get events(): { type: string; [name: string]: unknown }[] {
    return [...this.text.matchAll(/^event: (.+)\ndata: (.+)$/gm)].map(([, type = "", data = ""]) => ({
      ...(JSON.parse(data) as object),
      type,
    }));
  }

  close(): void {
    this.#controller.abort();
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      this.text += decoder.decode(chunk, { stream: true });
    }
    this.ended = true;
  }
}

/** The part of a response that a stream of events uses. */
function fakeResponse() {
  const emitter = new EventEmitter();
  return {
    written: [] as string[],
    writableLength: 0,
    destroyed: false,
    on: emitter.on.bind(emitter),
    write(text: string) {
      this.written.push(text);
    },
    destroy() {
      this.destroyed = true;
      emitter.emit("close");
    },
  };
}

const connection = {
  id: 1,
  remoteAddress: { hostname: "192.0.2.1", port: 1 },
  localAddress: { hostname: "192.0.2.2", port: 2 },
};
const opened: ServerEvent = { type: "connection-opened", connection };

describe("GET /events", () => {
  it("sends what happens, as it happens", async () => {
    const served = await adminServed();
    const watcher = await Watcher.open(served.url);
    const peer = await served.connect();
    peer.abort();
    await expect.poll(() => served.server.stats().connections).toBe(0);
    await served.server.shutdown();
    await expect.poll(() => watcher.events.map(({ type }) => type)).toContain("drained");
    expect(watcher.events).toMatchObject([
      { type: "connection-opened", id: 1, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
      { type: "connection-closed", id: 1, reason: "connection-reset", framesIn: 1, bytesIn: 6 },
      { type: "draining", connections: 0 },
      { type: "drained", drained: 0, aborted: 0 },
    ]);
    watcher.close();
  });

  it("shows what peers sent only escaped, and nothing of the server itself", async () => {
    const endpoint = admin({ listen: { port: 0 } });
    await endpoint.start();
    const watcher = await Watcher.open(`http://127.0.0.1:${endpoint.address.port}`);
    const address = { hostname: "127.0.0.1", port: 80 };
    const server = { addresses: [address], secret: "hidden" } as unknown as ObservedServer;
    endpoint.observer({ type: "listening", address, transport: "memory", server });
    const error = new SpillwayError("frame-invalid", "bad\u001b[2J\u202e\nevent: drained", { cause: "hidden" });
    endpoint.observer({ type: "frame-error", connection, error, skipped: true });
    await expect.poll(() => watcher.events.length).toBe(2);
    expect(watcher.events).toMatchObject([
      { type: "listening", address: "127.0.0.1:80", transport: "memory" },
      { type: "frame-error", error: { code: "frame-invalid", message: "bad\\x1b[2J\\u202e\\nevent: drained" } },
    ]);
    expect(watcher.text).not.toContain("hidden");
    watcher.close();
    await endpoint.close();
  });

  it("counts what is more than a reader can want, but always sends events of the server", async () => {
    const endpoint = admin({ listen: { port: 0 } });
    await endpoint.start();
    const watcher = await Watcher.open(`http://127.0.0.1:${endpoint.address.port}`);
    for (let count = 0; count < 10_000; count += 1) endpoint.observer(opened);
    endpoint.observer({ type: "draining", connections: 3 });
    await expect.poll(() => watcher.events.length).toBe(102);
    expect(watcher.events.slice(-2)).toEqual([
      expect.objectContaining({ type: "draining", connections: 3 }),
      { type: "dropped", count: 9_900 },
    ]);
    watcher.close();
    await endpoint.close();
  });

  it("keeps a bounded number of bytes for a reader that does not read, and tells it what it has missed", async () => {
    const bounds = { ...STREAM_BOUNDS, flushMs: 1, maxEventsPerFlush: 1_000 };
    const events = new EventStream(systemClock, bounds);
    const responses: ServerResponse[] = [];
    const http = new HttpServer(async ({ stream }) => {
      const response = stream("text/event-stream");
      responses.push(response);
      events.open(response);
      return undefined;
    }, systemClock);
    const { port } = await http.listen({ port: 0 });
    const slow = connect(port as number, "127.0.0.1");
    slow.setEncoding("utf8");
    let received = "";
    slow.on("data", (text: string) => {
      received += text;
    });
    slow.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await expect.poll(() => received).toContain("retry: 2000");
    slow.pause();

    const error = new SpillwayError("handler-failed", "x".repeat(500));
    const waiting = () => responses[0]?.writableLength ?? 0;
    let sent = 0;
    const flood = async () => {
      for (let count = 0; count < 1_000; count += 1) events.observe({ type: "handler-error", connection, error });
      sent += 1_000;
      await flushed();
    };
    const flushed = () => new Promise((resolve) => setTimeout(resolve, 5));
    // The kernels of both sides hold a few megabytes.
    for (let count = 0; count < 100 && waiting() <= bounds.maxWaitingBytes; count += 1) await flood();
    const most = waiting();
    expect(most).toBeGreaterThan(bounds.maxWaitingBytes);
    for (let count = 0; count < 10; count += 1) await flood();
    expect(waiting()).toBeLessThanOrEqual(most);

    slow.resume();
    // The next message that fits tells it.
    await expect
      .poll(
        async () => {
          events.observe(opened);
          sent += 1;
          await flushed();
          return received;
        },
        { timeout: 10_000 },
      )
      .toContain("event: dropped");
    const missed = [...received.matchAll(/event: dropped\ndata: \{"count":(\d+)\}/g)];
    const count = missed.reduce((sum, [, number]) => sum + Number(number), 0);
    expect(count).toBeGreaterThanOrEqual(10_000);
    await expect.poll(() => received.split(/event: (?!dropped)/).length - 1 + count).toBe(sent);
    slow.destroy();
    events.close();
    await http.close();
  });

  it("disconnects a reader that takes nothing for long", async () => {
    const clock = manualClock();
    const events = new EventStream(clock);
    const response = fakeResponse();
    events.open(response as unknown as ServerResponse);
    response.writableLength = 100_000;
    events.observe(opened);
    await clock.advance(STREAM_BOUNDS.flushMs);
    await clock.advance(STREAM_BOUNDS.stuckMs - STREAM_BOUNDS.heartbeatMs);
    expect(response.destroyed).toBe(false);
    await clock.advance(2 * STREAM_BOUNDS.heartbeatMs);
    expect([response.destroyed, events.size]).toEqual([true, 0]);
  });

  it("sends a comment from time to time, so that a connection that is gone is noticed", async () => {
    const clock = manualClock();
    const events = new EventStream(clock);
    const response = fakeResponse();
    events.open(response as unknown as ServerResponse);
    await clock.advance(2 * STREAM_BOUNDS.heartbeatMs);
    expect(response.written).toEqual(["retry: 2000\n\n", ": \n\n", ": \n\n"]);
    response.destroy();
    await clock.advance(10 * STREAM_BOUNDS.heartbeatMs);
    expect(response.written.length).toBe(3);
  });

  it("has a limit of streams, and room again when one has closed", async () => {
    const served = await adminServed();
    const watchers: Watcher[] = [];
    for (let count = 0; count < 8; count += 1) watchers.push(await Watcher.open(served.url));
    expect((await served.get("/stats")).json["admin"]).toMatchObject({ streams: 8 });
    expect(await served.get("/events")).toMatchObject({ status: 503, json: { error: { code: "too-many-streams" } } });
    watchers.pop()?.close();
    await expect.poll(async () => (await served.get("/stats")).json["admin"]).toMatchObject({ streams: 7 });
    watchers.push(await Watcher.open(served.url));
    for (const watcher of watchers) watcher.close();
  });

  it("ends when the endpoint closes", async () => {
    const served = await adminServed();
    const watcher = await Watcher.open(served.url);
    await served.endpoint.close();
    await expect.poll(() => watcher.ended).toBe(true);
  });
});

describe("probes", () => {
  it("are answered while streams and silent connections hold everything else", async () => {
    const served = await adminServed();
    const watchers: Watcher[] = [];
    const sockets: Socket[] = [];
    try {
      for (let count = 0; count < STREAM_BOUNDS.maxStreams; count += 1) watchers.push(await Watcher.open(served.url));
      for (let count = 0; count < HTTP_BOUNDS.maxConnections; count += 1) {
        const socket = connect(served.port, "127.0.0.1");
        sockets.push(socket.on("error", () => undefined));
        await new Promise((resolve) => socket.write("GET /stats HTTP/1.1\r\nHost: loc", resolve));
      }
      const ask = (path: string) => served.raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await expect.poll(() => ask("/stats")).toMatch(/^HTTP\/1\.1 503 [^]*"code":"busy"/);
      expect(await ask("/healthz")).toMatch(/^HTTP\/1\.1 200 [^]*"status":"ok"/);
      expect(await ask("/readyz")).toMatch(/^HTTP\/1\.1 200 [^]*"status":"ready"/);
      // Neither do connections that ask for nothing keep what is kept for probes.
      for (let count = 0; count < 3 * HTTP_BOUNDS.maxReserved; count += 1) {
        const socket = connect(served.port, "127.0.0.1");
        sockets.push(socket.on("error", () => undefined));
        await new Promise((resolve) => socket.write("GET /healthz HTTP/1.1\r\nHost: loc", resolve));
      }
      expect(await ask("/healthz")).toMatch(/^HTTP\/1\.1 200 [^]*"status":"ok"/);
      expect(await ask("/drain")).toMatch(/^HTTP\/1\.1 503 [^]*"code":"busy"/);
      expect(watchers.map(({ ended }) => ended)).not.toContain(true);
    } finally {
      for (const watcher of watchers) watcher.close();
      for (const socket of sockets) socket.destroy();
    }
  });
});

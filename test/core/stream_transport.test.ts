import { describe, expect, it, vi } from "vitest";
import { type StreamPair, serve, streamConnection, streamTransport } from "../../src/core/mod.ts";
import { lines, type ServerEvent, SpillwayError } from "../../src/mod.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const target = { hostname: "127.0.0.1", port: 1 };
const service = { port: 0, codec: lines(), handler: (line: string) => line.toUpperCase(), observer: () => {} };

/** A peer that sends `input` and FIN, and what it gets. */
function peer(input: string): { pair: StreamPair; output: Promise<string> } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const output = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  // Not every test looks at it.
  output.catch(() => {});
  return { pair: { readable: new Blob([input]).stream(), writable }, output };
}

/** A readable that gives these chunks and stays open. */
function sourceOf(...chunks: unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk as Uint8Array);
    },
  });
}

describe("a transport of streams", () => {
  it("serves every pair, and is done when there are no more and the last connection is over", async () => {
    const peers = [peer("one\n"), peer("two\n")] as const;
    const server = await serve(streamTransport({ accept: peers.map(({ pair }) => pair) }), service);
    expect(await Promise.all(peers.map(({ output }) => output))).toEqual(["ONE\n", "TWO\n"]);
    await server.finished;
    expect(server.stats()).toMatchObject({ accepted: 2, connections: 0, framesIn: 2 });
  });

  it("tells of a pair that is locked, and serves the next one", async () => {
    const [locked, next] = [peer(""), peer("next\n")];
    locked.pair.readable.getReader();
    const events: ServerEvent[] = [];
    const observer = (event: ServerEvent) => void events.push(event);
    const transport = streamTransport({ accept: [locked.pair, next.pair] });
    const server = await serve(transport, { ...service, observer });
    expect(await next.output).toBe("NEXT\n");
    await server.finished;
    const errors = events.flatMap((event) => (event.type === "accept-error" ? event.error.code : []));
    expect(errors).toEqual(["connection-aborted"]);
  });

  it("ends the server when the iterable fails", async () => {
    const accept = (async function* () {
      yield await Promise.reject<StreamPair>(new Error("no more"));
    })();
    const server = await serve(streamTransport({ accept }), service);
    await expect(server.finished).rejects.toMatchObject({ code: "accept-failed" });
  });

  it("returns the iterator when the listener closes, and aborts what it still gives", async () => {
    const late = peer("late\n");
    const returned = vi.fn<() => Promise<IteratorResult<StreamPair>>>(async () => ({ done: true, value: undefined }));
    let give!: (result: IteratorResult<StreamPair>) => void;
    const next = () => new Promise<IteratorResult<StreamPair>>((resolve) => (give = resolve));
    const accept = { [Symbol.asyncIterator]: () => ({ next, return: returned }) };
    const listener = await streamTransport({ accept }).listen({ ...target, backlog: 1 });
    const accepting = listener[Symbol.asyncIterator]().next();
    listener.close();
    expect((await accepting).done).toBe(true);
    expect(returned).toHaveBeenCalledOnce();
    give({ value: late.pair });
    await expect(late.output).rejects.toMatchObject({ code: "aborted" });
  });

  it("connects by what it is given, and says why not", async () => {
    const { pair } = peer("");
    const connection = await streamTransport({ connect: () => pair }).connect(target);
    expect(connection.remoteAddress).toEqual({ path: "" });
    connection.abort();
    const failing = (cause: Error) => streamTransport({ connect: () => Promise.reject(cause) }).connect(target);
    await expect(failing(new Error("no route"))).rejects.toMatchObject({ code: "connect-failed" });
    const refused = new SpillwayError("connection-refused", "nobody there");
    await expect(failing(refused)).rejects.toBe(refused);
  });

  it("aborts a pair that comes after the attempt was given up", async () => {
    const late = peer("");
    const controller = new AbortController();
    const connect = async () => {
      controller.abort(new Error("too late"));
      return late.pair;
    };
    const attempt = streamTransport({ connect }).connect({ ...target, signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ code: "connect-aborted" });
    await expect(late.output).rejects.toMatchObject({ code: "aborted" });
  });

  it("refuses what it cannot do", async () => {
    const code = "runtime-unsupported";
    await expect(streamTransport({}).connect(target)).rejects.toMatchObject({ code });
    await expect(streamTransport({}).listen({ ...target, backlog: 1 })).rejects.toMatchObject({ code });
  });

  it.each([
    [{ ...target, keepAliveMs: 1_000 }, "keepAliveMs"],
    [{ ...target, noDelay: false }, "noDelay"],
    [{ ...target, ipv6Only: true }, "ipv6Only"],
    [{ ...target, reusePort: true }, "reusePort"],
    [{ path: "/run/echo.sock", mode: 0o660 }, "mode"],
    [{ fd: 3 }, "fd"],
  ])("refuses to listen with %o", async (options, name) => {
    const listening = streamTransport({ accept: [] }).listen({ ...options, backlog: 1 });
    await expect(listening).rejects.toMatchObject({ code: "runtime-unsupported" });
    await expect(listening).rejects.toThrow(name);
  });

  it("listens at the path that it is given, and takes options that are off", async () => {
    const transport = streamTransport({ accept: [] });
    const atPath = await transport.listen({ path: "/run/echo.sock", backlog: 1 });
    expect(atPath.address).toEqual({ path: "/run/echo.sock" });
    const off = { noDelay: true, ipv6Only: false, reusePort: false };
    expect((await transport.listen({ ...target, ...off, backlog: 1 })).address).toEqual(target);
  });
});

describe("a connection of streams", () => {
  it("needs streams that nobody has locked", () => {
    const { pair } = peer("");
    pair.writable.getWriter();
    expect(() => streamConnection(pair)).toThrow(TypeError);
    expect(pair.readable.locked).toBe(false);
  });

  it("skips empty chunks, and breaks at what are no bytes", async () => {
    const readable = sourceOf(bytesOf(""), bytesOf("a"), "text");
    const connection = streamConnection({ readable, writable: new WritableStream() });
    const reader = connection.readable.getReader();
    expect((await reader.read()).value).toEqual(bytesOf("a"));
    await expect(reader.read()).rejects.toMatchObject({ code: "connection-failed", cause: expect.any(TypeError) });
  });

  it("writes copies, of 64 KiB at most", async () => {
    const taken: Uint8Array[] = [];
    const writable = new WritableStream<Uint8Array>({ write: (chunk) => void taken.push(chunk) });
    const connection = streamConnection({ readable: sourceOf(), writable });
    const bytes = new Uint8Array(150_000).fill(1);
    await connection.writable.getWriter().write(bytes);
    bytes.fill(2);
    expect(taken.map(({ length }) => length)).toEqual([65_536, 65_536, 18_928]);
    expect(taken.every((chunk) => chunk.every((byte) => byte === 1))).toBe(true);
    connection.abort();
  });

  it("is over at abort(), although the writable never settles", async () => {
    const cancelled = vi.fn<() => void>();
    const writable = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
    const connection = streamConnection({ readable: new ReadableStream({ cancel: cancelled }), writable });
    const write = connection.writable.getWriter().write(bytesOf("never"));
    connection.abort();
    await expect(write).rejects.toMatchObject({ code: "aborted" });
    expect(await connection.closed).toMatchObject({ code: "aborted" });
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it("leaves the event loop to others while a readable always has more", async () => {
    let chunks = 0;
    const readable = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          // An end, so that a failure is not a test that hangs.
          if (++chunks === 100_000) controller.close();
          else controller.enqueue(bytesOf("x"));
        },
      },
      { highWaterMark: 0 },
    );
    const connection = streamConnection({ readable, writable: new WritableStream() });
    const closed = connection.close();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(chunks).toBeLessThan(100_000);
    connection.abort();
    await closed;
  });
});

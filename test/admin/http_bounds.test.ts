import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { json } from "../../src/admin/answer.ts";
import { HTTP_BOUNDS, type HttpBounds, HttpServer, type Responder } from "../../src/admin/http_server.ts";
import { systemClock } from "../../src/core/mod.ts";
import { exchange } from "./support/admin_served.ts";

const servers: HttpServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function listening(bounds: Partial<HttpBounds>, respond: Responder = async () => json("ok")): Promise<number> {
  const server = new HttpServer(respond, systemClock, { ...HTTP_BOUNDS, checkMs: 50, ...bounds });
  servers.push(server);
  return (await server.listen({ port: 0 })).port as number;
}

/** Connects without reading. */
function open(port: number): { socket: Socket; closed: Promise<void> } {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  return { socket, closed: new Promise((resolve) => socket.once("close", () => resolve())) };
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";

describe("the HTTP server", () => {
  it("refuses headers of more bytes than it takes", async () => {
    const port = await listening({ maxHeaderBytes: 4_096 });
    expect(await exchange(port, `${GET}X: ${"y".repeat(3_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200/);
    expect(await exchange(port, `${GET}X: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(/^(HTTP\/1\.1 431|$)/);
  });

  it("refuses more headers than it takes", async () => {
    const port = await listening({ maxHeaders: 10 });
    const headers = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: y\r\n`).join("");
    expect(await exchange(port, `${GET}${headers(8)}\r\n`)).toMatch(/^HTTP\/1\.1 200/);
    expect(await exchange(port, `${GET}${headers(9)}\r\n`)).toMatch(/^(HTTP\/1\.1 431|$)/);
    expect(await exchange(port, `${GET}${headers(500)}\r\n`)).toMatch(/^(HTTP\/1\.1 431|$)/);
  });

  it.each([
    ["bytes of TLS", "\u0016\u0003\u0001\u0002\u0000\u0001"],
    ["a line that is no request", "hello\r\n\r\n"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a method with a space", "GE T / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ])("disconnects who sends %s", async (_what, bytes) => {
    const answer = await exchange(await listening({}), bytes);
    expect(answer).toMatch(/^(HTTP\/1\.1 400|$)/);
  });

  it("takes one request at a time on a connection, and keeps nothing of those behind an answer that is not made", async () => {
    const big = json("x".repeat(50_000));
    const port = await listening({ maxWaitingBytes: 200_000 }, async ({ message, stream }) => {
      if (message.url !== "/stream") return big;
      stream("text/plain").write("x");
      return undefined;
    });
    for (let count = 0; count < 5; count++) {
      const { socket, closed } = open(port);
      socket.write(
        "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n".concat("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(9)),
      );
      // Bun hears of the others only behind the first answer.
      await Promise.race([closed, new Promise((resolve) => socket.once("data", resolve))]);
      socket.destroy();
      await closed;
    }
    expect(await exchange(port, `${GET}\r\n`)).toMatch(/^HTTP\/1\.1 200/);
  });

  it("disconnects a client that sends a head slowly, or nothing", async () => {
    const port = await listening({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    expect(await exchange(port, "GET / HTTP/1.1\r\nHost: loc")).toMatch(/^(HTTP\/1\.1 408|$)/);
    expect(await exchange(port, "")).toMatch(/^(HTTP\/1\.1 408|$)/);
  });

  it("disconnects a client that sends a body slowly", async () => {
    const respond: Responder = async ({ message }) => {
      let length = 0;
      for await (const chunk of message as AsyncIterable<Uint8Array>) length += chunk.length;
      return json(length);
    };
    const port = await listening({ headersTimeoutMs: 100, requestTimeoutMs: 200 }, respond);
    const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n";
    expect(await exchange(port, `${head}a`)).not.toContain(" 200 ");
  });

  it("disconnects a client that is silent after an answer", async () => {
    const port = await listening({ keepAliveTimeoutMs: 50 });
    expect(await exchange(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).toMatch(/^HTTP\/1\.1 200/);
  });

  it("disconnects a client that does not read an answer", async () => {
    let answered = 0;
    const respond: Responder = async () => {
      answered += 1;
      return { status: 200, contentType: "text/plain", body: new Uint8Array(12_000_000) };
    };
    const port = await listening({ answerTimeoutMs: 200, keepAliveTimeoutMs: 60_000 }, respond);
    const { closed, socket } = open(port);
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await expect.poll(() => answered).toBe(1);
    // Its bytes count no more when it is gone: the next answer would not fit beside them.
    await expect
      .poll(() => exchange(port, `${GET}\r\n`).then((answer) => answer.slice(0, 12)), { timeout: 5_000 })
      .toBe("HTTP/1.1 200");
    socket.resume();
    await closed;
  });

  it("disconnects a client whose request is never answered", async () => {
    const port = await listening({ answerTimeoutMs: 100 }, () => new Promise(() => undefined));
    expect(await exchange(port, `${GET}\r\n`)).toBe("");
  });

  it("takes no more connections than it may, until one is gone", async () => {
    const port = await listening({
      maxConnections: 2,
      maxReserved: 0,
      keepAliveTimeoutMs: 60_000,
      headersTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
    });
    const [first, second] = [open(port), open(port)];
    // Bun accepts a connection when its first bytes come, or a second later.
    for (const { socket } of [first, second]) socket.write("GET / HTTP/1.1\r\nHost: loc");
    await expect.poll(() => exchange(port, `${GET}\r\n`)).toBe("");
    first.socket.destroy();
    await expect.poll(() => exchange(port, `${GET}\r\n`)).toMatch(/^HTTP\/1\.1 200/);
    second.socket.destroy();
  });

  it("keeps a few connections for one request each, and says which those are; the oldest makes room", async () => {
    const timeouts = { keepAliveTimeoutMs: 60_000, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 };
    const port = await listening({ maxConnections: 2, maxReserved: 2, ...timeouts }, async ({ reserved }) =>
      json(reserved),
    );
    // Bun accepts a connection when its first bytes come, or a second later.
    const begin = "GET / HTTP/1.1\r\nHost: loc";
    for (let held = 0; held < 2; held += 1) {
      const { socket } = open(port);
      await new Promise((resolve) => socket.write(begin, resolve));
    }
    const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const reserved = expect.stringMatching(/^HTTP\/1\.1 200 [^]*connection: close[^]*\r\n\r\ntrue\n$/i) as string;
    await expect.poll(() => exchange(port, request), { timeout: 10_000 }).toEqual(reserved);
    const late = [open(port), open(port), open(port)];
    for (const { socket } of late) socket.write(begin);
    await Promise.race(late.map(({ closed }) => closed));
    expect(await exchange(port, request)).toEqual(reserved);
  });

  it("answers 503 while too many bytes wait to be read", async () => {
    const respond: Responder = async () => ({
      status: 200,
      contentType: "text/plain",
      body: new Uint8Array(9_000_000),
    });
    const port = await listening({}, respond);
    const { socket } = open(port);
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await expect
      .poll(() => exchange(port, `${GET}\r\n`).then((answer) => [answer.slice(0, 12), answer.includes('"busy"')]))
      .toEqual(["HTTP/1.1 503", true]);
  });

  it("closes although somebody is connected", async () => {
    const port = await listening({ keepAliveTimeoutMs: 60_000, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 });
    const { closed, socket } = open(port);
    // Bun accepts a connection when its first bytes come, or a second later.
    socket.write("GET / HTTP/1.1\r\nHost: loc");
    await exchange(port, `${GET}\r\n`);
    await servers.pop()?.close();
    await closed;
    expect(await exchange(port, `${GET}\r\n`)).toBe("");
  });

  it("answers what a responder throws", async () => {
    const port = await listening({}, () => Promise.reject(new Error("a bug")));
    expect(await exchange(port, `${GET}\r\n`)).toMatch(/^HTTP\/1\.1 500 [^]*"code":"failed","message":"[^"]*a bug"/);
  });
});

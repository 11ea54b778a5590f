// The TCP proxy, between real sockets that are not Spillway's own.
import { createHash } from "node:crypto";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import echoService from "../../examples/echo.ts";
import { type ForwardOptions, forward } from "../../examples/forward.ts";
import { serve, transport } from "../../src/mod.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import { eventually, type Platform, start, stopServersAfterEach } from "../conformance/support/platform.ts";
import { serveByCli } from "./support/served_example.ts";

const platform: Platform = { name: "the runtime", transport: transport, dial: dialNet, faults: {} };
/** Deno's connections have no way to send RST: there, what was broken off ends with FIN. */
const BROKEN_OFF = platform.transport.name.startsWith("deno") ? "fin" : "reset";
const MB = 1_048_576;

const listening: NetServer[] = [];
const sockets = new Set<Socket>();

stopServersAfterEach();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of listening.splice(0)) server.close();
});

/** Where connections are forwarded to; `talk` gets each, whose directions end one by one. */
async function destination(talk: (socket: Socket) => void): Promise<ForwardOptions> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    talk(socket);
  });
  listening.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { hostname: "127.0.0.1", port: (server.address() as { port: number }).port };
}

/** A proxy to there. */
async function proxy(talk: (socket: Socket) => void, options: Partial<ForwardOptions> = {}) {
  return start(platform, forward({ ...(await destination(talk)), ...options }));
}

/** Bytes that repeat themselves only after a long while. */
function someBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0, state = 1; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

function digestOf(socket: Socket): Promise<{ bytes: number; digest: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    socket.on("end", () => resolve({ bytes, digest: hash.digest("hex") }));
    socket.on("error", reject);
  });
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("forward", () => {
  it("forwards both directions at once, 32 MB each, and both ends", async () => {
    const there = someBytes(32 * MB);
    const back = someBytes(32 * MB + 1).subarray(1);
    const { server, closed } = await proxy((socket) => {
      void digestOf(socket).then(({ digest: seen }) => socket.end(seen));
      socket.write(back);
    });
    const socket = connect({ ...server.address, host: server.address.hostname, allowHalfOpen: true });
    sockets.add(socket);
    const received = digestOf(socket);
    socket.end(there);
    const seen = new TextEncoder().encode(digest(there));
    const all = new Uint8Array(back.length + seen.length);
    all.set(back);
    all.set(seen, back.length);
    expect(await received).toEqual({ bytes: all.length, digest: digest(all) });
    expect(await closed()).toMatchObject({ reason: "remote-closed", bytesIn: there.length, bytesOut: all.length });
  });

  it("lets the destination speak first, and the client end first", async () => {
    const { dial, closed } = await proxy((socket) => {
      socket.write("220 ready\r\n");
      socket.on("data", (chunk) => socket.write(`got ${chunk.length}\r\n`));
      socket.on("end", () => {
        socket.write("221 bye\r\n");
        setTimeout(() => socket.end("really\r\n"), 20);
      });
    });
    const client = await dial();
    await client.until("ready\r\n");
    client.send("QUIT\r\n");
    await client.until("got 6\r\n");
    client.finish();
    expect(await client.rest()).toBe("220 ready\r\ngot 6\r\n221 bye\r\nreally\r\n");
    expect(await client.ended).toBe("fin");
    expect((await closed()).reason).toBe("remote-closed");
  });

  it("lets the destination end first, and the client go on", async () => {
    let received = "";
    let ended = false;
    const { dial, closed } = await proxy((socket) => {
      socket.end("that is all\n");
      socket.setEncoding("utf8").on("data", (text: string) => {
        received += text;
      });
      socket.on("end", () => {
        ended = true;
      });
    });
    const client = await dial({ halfOpen: true });
    expect(await client.rest()).toBe("that is all\n");
    expect(await client.ended).toBe("fin");
    client.send("not for me\n");
    await eventually(() => received === "not for me\n");
    client.send("x".repeat(200_000));
    client.finish();
    await eventually(() => ended);
    expect(received).toHaveLength(200_011);
    expect((await closed()).reason).toBe("remote-closed");
  });

  it("reads no more from a side than the other side takes", async () => {
    let sent = 0;
    const { dial, server } = await proxy((socket) => {
      socket.pause();
      const chunk = new Uint8Array(MB);
      const fill = () => {
        while (socket.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      socket.on("drain", fill);
      fill();
    });
    const client = await dial({ stalled: true });
    // More than all buffers of the kernel on the way can hold.
    for (let count = 0; count < 64; count++) client.send(new Uint8Array(MB));
    let [last, looks] = [0, 0];
    await eventually(() => {
      const now = server.stats().bytesIn + server.stats().bytesOut;
      looks = now === last ? looks + 1 : 0;
      last = now;
      return now > 2 * MB && looks > 50;
    });
    expect(server.stats().bytesIn).toBeLessThan(40 * MB);
    expect(sent).toBeLessThan(40 * MB);
    client.reset();
  });

  it("breaks off where the client does", async () => {
    const ends: string[] = [];
    const { dial, closed } = await proxy((socket) => {
      socket.write("hello");
      socket.on("end", () => ends.push("fin"));
      socket.on("error", () => ends.push("reset"));
      socket.resume();
    });
    const client = await dial();
    await client.until("hello");
    client.reset();
    expect((await closed()).reason).toBe("connection-reset");
    await eventually(() => ends.length > 0);
    expect(ends[0]).toBe(BROKEN_OFF);
  });

  it("breaks off where the destination does", async () => {
    const { dial, closed } = await proxy((socket) => {
      socket.write("the first half", () => socket.resetAndDestroy());
    });
    const client = await dial();
    expect(await client.ended).toBe(BROKEN_OFF);
    expect((await closed()).reason).toBe("aborted");
  });

  it("breaks off, and says why to its observer, where nobody listens", async () => {
    const there = await destination(() => undefined);
    await new Promise((resolve) => {
      listening.pop()?.close(resolve);
    });
    const { dial, closed, events } = await start(platform, forward(there));
    const client = await dial();
    client.send("hello");
    expect(await client.ended).toBe(BROKEN_OFF);
    expect((await closed()).reason).toBe("aborted");
    const [error] = events.filter((event) => event.type === "handler-error");
    expect(error?.error.cause).toMatchObject({ code: "connection-refused" });
  });

  it("breaks off a destination that says no more when the client has said all", async () => {
    const { dial, closed } = await proxy((socket) => void socket.resume().write("wait"), { stallTimeoutMs: 50 });
    const client = await dial();
    client.send("question");
    await client.until("wait");
    client.finish();
    expect(await client.ended).toBe(BROKEN_OFF);
    expect((await closed()).reason).toBe("aborted");
  });

  it("ends a connection on which nothing comes from either side", async () => {
    const ends: string[] = [];
    const { dial, closed } = await proxy(
      (socket) => {
        socket.on("end", () => ends.push("fin"));
        socket.on("error", () => ends.push("reset"));
        socket.resume();
      },
      { idleTimeoutMs: 50 },
    );
    const client = await dial();
    expect(await client.ended).toBe("fin");
    expect((await closed()).reason).toBe("idle-timeout");
    await eventually(() => ends.length > 0);
    expect(ends[0]).toBe(BROKEN_OFF);
  });

  it("delivers at a drain what the destination still answers, and ends both sides in order", async () => {
    let received = "";
    let ended = false;
    const { dial, server, closed } = await proxy((socket) => {
      socket.setEncoding("utf8").on("data", (text: string) => {
        received += text;
      });
      socket.on("end", () => {
        ended = true;
        socket.end(`answer to ${received.length} bytes${"!".repeat(3 * MB)}`);
      });
    });
    const client = await dial();
    client.send("question");
    await eventually(() => received === "question");
    const drained = server.shutdown();
    const answer = await client.rest();
    expect(answer).toHaveLength("answer to 8 bytes".length + 3 * MB);
    expect(answer.startsWith("answer to 8 bytes!")).toBe(true);
    expect(await drained).toMatchObject({ drained: 1, aborted: 0 });
    expect((await closed()).reason).toBe("drained");
    expect(ended).toBe(true);
  });

  it("forwards for the whole of a grace, in both directions", async () => {
    const { dial, server } = await proxy((socket) =>
      socket.on("end", () => socket.end("over")).pipe(socket, { end: false }),
    );
    const client = await dial();
    client.send("one\n");
    await client.until("one\n");
    const drained = server.shutdown({ graceMs: 400 });
    client.send("two\n");
    await client.until("two\n");
    expect(await client.rest()).toBe("one\ntwo\nover");
    expect(await drained).toMatchObject({ drained: 1, aborted: 0 });
  });

  it("forwards to several at once, each to its own", async () => {
    const { server } = await proxy((socket) => socket.pipe(socket));
    const clients = await Promise.all(Array.from({ length: 20 }, () => dialNet(server.address)));
    for (const [index, client] of clients.entries()) {
      client.send(`${index} `.repeat(5_000));
      client.finish();
    }
    for (const [index, client] of clients.entries()) expect(await client.rest()).toBe(`${index} `.repeat(5_000));
  });

  it("is a service module that takes its destination from the environment", async () => {
    const echo = await serve({ ...echoService, port: 0 });
    const before = process.env["FORWARD_TO"];
    process.env["FORWARD_TO"] = `127.0.0.1:${echo.address.port}`;
    try {
      const { cli, port } = await serveByCli("forward");
      const client = await dialNet({ hostname: "127.0.0.1", port });
      client.send("through\n");
      client.finish();
      expect(await client.rest()).toBe("through\n");
      cli.signal("SIGTERM");
      expect((await cli.ended).code).toBe(0);
    } finally {
      if (before === undefined) delete process.env["FORWARD_TO"];
      else process.env["FORWARD_TO"] = before;
      await echo.shutdown();
    }
  });
});

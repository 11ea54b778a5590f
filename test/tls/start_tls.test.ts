// STARTTLS with TLS itself, and a client as others write it: node:net, and node:tls over its socket.
import { connect as connectNet, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { type ConnectionClosed, lines, type Server, serve } from "../../src/mod.ts";
import { tls } from "../../src/tls/mod.ts";
import { ca, pair } from "./support/certificates.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Serves a protocol with STARTTLS. */
async function mailServer(): Promise<{ port: number; closed: ConnectionClosed[] }> {
  const step = tls(pair("server"));
  const closed: ConnectionClosed[] = [];
  const server = await serve({
    port: 0,
    codec: lines(),
    handler: (line, context) => {
      if (line === "STARTTLS") context.startTls(step);
      return `${line} ${context.connection.tls?.protocol ?? "plain"}`;
    },
    observer: (event) => event.type === "connection-closed" && closed.push(event),
  });
  ends.push(() => (server as unknown as Server).shutdown({ timeoutMs: 1 }));
  return { port: server.address.port, closed };
}

/** Connects, sends `text`, and returns the socket with the first line of the reply. */
async function greeted(port: number, text: string): Promise<{ socket: Socket; reply: string }> {
  const socket = connectNet({ port, host: "127.0.0.1" });
  ends.push(() => socket.destroy());
  socket.on("error", () => undefined);
  socket.write(text);
  const reply = await new Promise<string>((resolve) => {
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    socket.once("close", () => resolve(""));
  });
  return { socket, reply };
}

describe("context.startTls", () => {
  it("goes on over TLS behind the reply", async () => {
    const { port } = await mailServer();
    const { socket, reply } = await greeted(port, "STARTTLS\n");
    expect(reply).toBe("STARTTLS plain\n");
    const secure = connectTls({ socket, ca, servername: "localhost" });
    ends.push(() => secure.destroy());
    await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    secure.write("hello\n");
    const answer = await new Promise<string>((resolve) => {
      secure.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(answer).toBe("hello TLSv1.3\n");
  });

  it("handles nothing that comes in plain with the command", async () => {
    const { port, closed } = await mailServer();
    const { socket } = await greeted(port, "STARTTLS\nMAIL FROM:<evil>\n");
    if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    await expect.poll(() => closed.map(({ reason }) => reason)).toEqual(["tls-failed"]);
  });

  it("ends a connection that goes on in plain behind the reply", async () => {
    const { port, closed } = await mailServer();
    const { socket } = await greeted(port, "STARTTLS\n");
    socket.write("EHLO again\n");
    await expect.poll(() => closed.map(({ reason }) => reason)).toEqual(["tls-failed"]);
  });
});

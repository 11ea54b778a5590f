// The MessagePack example, and a client of the library that it uses.
import { connect } from "node:net";
import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import service from "../../examples/messagepack.ts";
import { type ServeOptions, type ServerEvent, serve } from "../../src/mod.ts";

/** Behind its length. */
function framed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Sends frames and FIN; the messages that come back, and how the connection ended. */
async function ask(...frames: readonly Uint8Array[]): Promise<{ received: unknown[]; end: ServerEvent | undefined }> {
  const ends: ServerEvent[] = [];
  const options = service as unknown as ServeOptions<never, never>;
  const observer = (event: ServerEvent) => void (event.type === "connection-closed" && ends.push(event));
  const server = await serve({ ...options, port: 0, observer });
  const socket = connect({ port: server.address.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(Buffer.concat(frames.map(framed)));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  await server.shutdown();
  const bytes = Buffer.concat(chunks);
  const whole = new Uint8Array(bytes);
  const received: unknown[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    received.push(decode(whole.subarray(at + 4, at + 4 + bytes.readUInt32BE(at))));
  }
  return { received, end: ends[0] };
}

describe("MessagePack, behind a length", () => {
  it("answers calls in order, and notifications not at all", async () => {
    const value = { text: "größe", bytes: Uint8Array.of(1, 2), list: [1.5, null, true] };
    const { received, end } = await ask(
      encode([0, 1, "sum", [1, 2, 39]]),
      encode([2, "sum", [1]]),
      encode([0, 2, "echo", [value]]),
      encode([0, 3, "none", []]),
      encode([0, 4_294_967_295, "echo", []]),
    );
    expect(received).toEqual([
      [1, 1, null, 42],
      [1, 2, null, value],
      [1, 3, "no method none", null],
      [1, 4_294_967_295, null, null],
    ]);
    expect(end).toMatchObject({ reason: "remote-closed", framesIn: 5, framesOut: 4 });
  });

  it.each([
    ["what is no MessagePack", Uint8Array.of(0xc1)],
    ["what is cut off within", encode([0, 1, "sum", [1]]).subarray(0, 5)],
    ["more than one message", Uint8Array.of(0, 0)],
    ["no call", encode({ method: "sum" })],
    ["a response", encode([1, 1, null, 1])],
    ["a call without parameters", encode([0, 1, "sum"])],
    ["a call with a wrong id", encode([0, "1", "sum", []])],
    ["nothing", new Uint8Array(0)],
  ])("ends the connection at %s", async (_name, bytes) => {
    const { received, end } = await ask(encode([0, 1, "sum", []]), bytes);
    expect(received).toEqual([[1, 1, null, 0]]);
    expect(end).toMatchObject({ reason: "frame-invalid", framesIn: 1 });
  });
});

// The protobuf example, and a client that is the library's own: its framing, its decoder of streams.
import { connect } from "node:net";
import { create } from "@bufbuild/protobuf";
import { sizeDelimitedDecodeStream, sizeDelimitedEncode } from "@bufbuild/protobuf/wire";
import { DurationSchema, TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import service, { age, protobuf } from "../../examples/protobuf.ts";
import { type ServeOptions, type Server, type ServerEvent, serve } from "../../src/mod.ts";

const NOW = 1_800_000_000_000;

async function serveAt(now: number): Promise<{ server: Server<never, never>; ends: ServerEvent[] }> {
  const ends: ServerEvent[] = [];
  const options: ServeOptions<never, never> = {
    ...(service as unknown as ServeOptions<never, never>),
    handler: (timestamp) => age(timestamp, now) as never,
    port: 0,
    observer: (event) => void (event.type === "connection-closed" && ends.push(event)),
  };
  return { server: await serve(options), ends };
}

/** Sends the bytes in two pieces, then FIN; the messages that come back. */
async function ask(port: number, bytes: Uint8Array): Promise<(readonly [bigint, number])[]> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const half = Math.floor(bytes.length / 2);
  socket.write(bytes.subarray(0, half), () => socket.end(bytes.subarray(half)));
  const received: (readonly [bigint, number])[] = [];
  for await (const { seconds, nanos } of sizeDelimitedDecodeStream(DurationSchema, socket))
    received.push([seconds, nanos]);
  return received;
}

describe("protobuf, size-delimited", () => {
  it("answers what the library's client sends, in order", async () => {
    const { server } = await serveAt(NOW);
    const times = [NOW - 1_500, NOW, NOW + 250, 0].map((ms) =>
      sizeDelimitedEncode(TimestampSchema, timestampFromMs(ms)),
    );
    expect(await ask(server.address.port, Buffer.concat(times))).toEqual([
      [1n, 500_000_000],
      [0n, 0],
      [0n, -250_000_000],
      [BigInt(NOW / 1_000), 0],
    ]);
    await server.shutdown();
  });

  it("takes a message of no bytes, which is the default one", async () => {
    const { server } = await serveAt(5_000);
    expect(await ask(server.address.port, Uint8Array.of(0, 0))).toEqual([
      [5n, 0],
      [5n, 0],
    ]);
    await server.shutdown();
  });

  it.each([
    ["what is no message", [2, 0xff, 0xff], "frame-invalid"],
    ["what is too long", [0x81, 0x80, 0x04], "frame-too-large"],
    ["what is cut off", [5, 1], "unexpected-eof"],
  ])("ends the connection at %s", async (_name, bytes, reason) => {
    const { server, ends } = await serveAt(NOW);
    expect(await ask(server.address.port, Uint8Array.from([0, ...bytes]))).toHaveLength(1);
    await server.shutdown();
    expect(ends).toMatchObject([{ reason, framesIn: 1 }]);
  });

  it("is a codec of any two schemas", () => {
    const codec = protobuf(DurationSchema, TimestampSchema, 8);
    const decoder = codec.decoder();
    decoder.push(Uint8Array.from(sizeDelimitedEncode(DurationSchema, create(DurationSchema, { seconds: 7n }))));
    expect(decoder.next()?.seconds).toBe(7n);
  });
});

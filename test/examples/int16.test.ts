// The int16 example: what it answers, its queue, its broadcast.
import process from "node:process";
import { describe, expect, it } from "vitest";
import service from "../../examples/int16.ts";
import { SpillwayError } from "../../src/mod.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import type { Peer } from "../core/support/peer.ts";
import type { Served } from "../core/support/served.ts";
import { serveByCli, serveInMemory } from "./support/served_example.ts";

const LINK = 64;
const COUNT = 5_000;
const CHUNK = 20;

function bytesOf(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setInt16(2 * index, number);
  return bytes;
}

/** No answer to them is the 42 of the broadcast. */
const numbers = Array.from({ length: COUNT }, (_, index) => index % 21);
const answers = numbers.map((number) => 2 * number);

async function sendAll(peer: Peer): Promise<void> {
  const bytes = bytesOf(numbers);
  for (let at = 0; at < bytes.length; at += CHUNK) await peer.send(bytes.subarray(at, at + CHUNK));
}

/** Somebody who sends everything, and reads nothing yet. */
async function stuck(harness: Served): Promise<Peer> {
  const peer = await harness.connect({ reads: false });
  await sendAll(peer);
  return peer;
}

function receivedBy({ chunks }: Peer): number[] {
  return chunks.flatMap((chunk) => [...chunk]);
}

describe("int16", () => {
  it.each([
    [0, 0],
    [1, 2],
    [21, 42],
    [127, 254],
    [128, 0],
    [300, 88],
    [-1, 254],
    [-128, 0],
    [-129, 254],
    [32_767, 254],
    [-32_768, 0],
  ])("answers %d with %d", async (number, answer) => {
    const peer = await (await serveInMemory(service)).connect();
    await peer.send(bytesOf([number]));
    expect(receivedBy(peer)).toEqual([answer]);
  });

  it("takes numbers that come byte by byte, and answers no half of one", async () => {
    const harness = await serveInMemory(service);
    const peer = await harness.connect();
    for (const byte of [0, 1, 0, 2, 0]) await peer.send(Uint8Array.of(byte));
    await peer.finish();
    expect([receivedBy(peer), harness.reasons]).toEqual([[2, 4], ["unexpected-eof"]]);
  });

  it.each([256, -1, 1.5, Number.NaN])("does not send %d as a byte", (number) => {
    const encoder = service.codec.encoder();
    const output = { text: () => undefined, bytes: () => undefined };
    expect(() => encoder.encode(number, output)).toThrow(SpillwayError);
  });
});

describe("int16: the queue", () => {
  it("holds sixteen answers; then reading stops, and the peer has to wait", async () => {
    const harness = await serveInMemory(service, { maxLinkBytes: LINK });
    await stuck(harness);
    const { bytesIn, framesIn, bytesOut, framesOut } = harness.server.stats();
    expect(framesIn).toBe(framesOut);
    expect(framesOut - bytesOut).toBe(16);
    expect(bytesOut).toBeLessThanOrEqual(2 * LINK);
    // The chunk whose numbers are being taken, and one that was read ahead.
    expect(bytesIn - 2 * framesIn).toBeLessThanOrEqual(2 * CHUNK);
    await harness.clock.advance(10_000);
    expect(harness.server.stats()).toMatchObject({ bytesIn, framesOut });
  });

  it("loses no answer to a peer that reads late, and holds up nobody else", async () => {
    const harness = await serveInMemory(service, { maxLinkBytes: LINK });
    const late = await stuck(harness);
    const peer = await harness.connect();
    await sendAll(peer);
    expect(receivedBy(peer)).toEqual(answers);
    expect(late.receivedBytes).toBe(0);
    await late.read();
    expect(receivedBy(late)).toEqual(answers);
  });

  it("ends a connection whose peer never reads", async () => {
    const harness = await serveInMemory(service, { maxLinkBytes: LINK });
    await stuck(harness);
    await harness.clock.advance(180_000);
    expect(harness.reasons).toEqual(["write-timeout"]);
  });
});

describe("int16: the broadcast", () => {
  it("of 42 reaches all when the third connects, and again when there are three again", async () => {
    const harness = await serveInMemory(service);
    const [one, two] = [await harness.connect(), await harness.connect()];
    expect([one, two].map(receivedBy)).toEqual([[], []]);
    const three = await harness.connect();
    const four = await harness.connect();
    expect([one, two, three, four].map(receivedBy)).toEqual([[42], [42], [42], []]);
    await one.finish();
    await two.finish();
    const five = await harness.connect();
    expect([three, four, five].map(receivedBy)).toEqual([[42, 42], [42], [42]]);
  });

  it("comes between answers, whole", async () => {
    const harness = await serveInMemory(service);
    const one = await harness.connect();
    await one.send(bytesOf([1]));
    await harness.connect();
    await harness.connect();
    await one.send(bytesOf([2]));
    expect(receivedBy(one)).toEqual([2, 42, 4]);
  });

  it("is dropped, and counted, for a peer with a full queue; nobody waits for that one", async () => {
    const harness = await serveInMemory(service, { maxLinkBytes: LINK });
    const late = await stuck(harness);
    const [two, three] = [await harness.connect(), await harness.connect()];
    expect([two, three].map(receivedBy)).toEqual([[42], [42]]);
    expect(harness.server.stats().framesDropped).toBe(1);
    expect(harness.of("slow-consumer")).toMatchObject([{ policy: "drop", connection: { id: 1 } }]);
    await late.read();
    expect(receivedBy(late)).toEqual(answers);
  });
});

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("int16, from the command line", () => {
  it("answers, broadcasts, drains, and loses no answer to a peer that reads late", async () => {
    const { cli, port } = await serveByCli("int16");
    const address = { hostname: "127.0.0.1", port };
    const late = await dialNet(address, { stalled: true });
    late.send(bytesOf([...numbers, 60]));
    const two = await dialNet(address);
    two.send(bytesOf([1, 2, 60]));
    expect(await two.until("x")).toBe("\x02\x04x");
    const three = await dialNet(address);
    expect(await three.until("*")).toBe("*");
    expect(await two.until("*")).toBe("\x02\x04x*");
    late.resume();
    // Whether there was a place for the broadcast is a question of time.
    const received = (await late.until("x")).replace("*", "");
    expect(received).toBe(`${String.fromCharCode(...answers)}x`);
    cli.signal("SIGTERM");
    expect(await three.rest()).toBe("*");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });
});

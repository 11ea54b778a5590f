import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Connection, transport } from "../../src/mod.ts";
import { listenOnTcp } from "../support/tcp_listener.ts";
import { eventually } from "./support/platform.ts";

const native = transport;
const ROUNDS = 10;
/** Bytes that go to and fro until the receiving system takes its time to acknowledge, as it does in a conversation. */
const WARM_UP = 30;

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A connection of the adapter's, and the socket at its other end. */
interface Line {
  readonly ours: Connection;
  readonly theirs: Socket;
}

const ends: (() => void)[] = [];

/** In how many rounds a second small write has not arrived when a later one on another connection has. */
async function overtaken(line: Line, other: Line): Promise<number> {
  const writer = line.ours.writable.getWriter();
  const reader = line.ours.readable.getReader();
  const otherWriter = other.ours.writable.getWriter();
  let heard = "";
  for (const { theirs } of [line, other]) theirs.on("data", (bytes: Uint8Array) => (heard += bytes.toString()));
  const ask = async () => {
    line.theirs.write("?");
    await reader.read();
  };
  for (let count = 0; count < WARM_UP; count++) {
    await ask();
    await writer.write(new Uint8Array([0x2e]));
    await pause();
  }
  let late = 0;
  for (let round = 0; round < ROUNDS; round++) {
    heard = "";
    await ask();
    for (const byte of [0x61, 0x62]) {
      await writer.write(new Uint8Array([byte]));
      await pause();
    }
    await otherWriter.write(new Uint8Array([0x63]));
    await eventually(() => heard.includes("c"));
    if (!heard.includes("b")) late += 1;
    await eventually(() => heard.includes("b"));
  }
  return late;
}

async function accepted(noDelay?: boolean): Promise<Line[]> {
  const listener = await listenOnTcp(native, noDelay === undefined ? {} : { noDelay });
  const connections = listener[Symbol.asyncIterator]();
  ends.push(() => listener.close());
  const lines: Line[] = [];
  for (let count = 0; count < 2; count++) {
    const theirs = connect({ host: "127.0.0.1", port: listener.address.port, noDelay: true });
    const { value: ours } = (await connections.next()) as IteratorYieldResult<Connection>;
    lines.push({ ours, theirs });
  }
  return lines;
}

async function connected(noDelay?: boolean): Promise<Line[]> {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const { port } = server.address() as { port: number };
  const lines: Line[] = [];
  for (let count = 0; count < 2; count++) {
    const ours = await native.connect({ hostname: "127.0.0.1", port, ...(noDelay !== undefined && { noDelay }) });
    await eventually(() => sockets.length > count);
    lines.push({ ours, theirs: sockets[count] as Socket });
  }
  return lines;
}

describe("small writes", () => {
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it.each([
    ["never on connections that were accepted", accepted, undefined],
    ["never on connections that were made", connected, undefined],
    ["on connections that were accepted, if that is asked for", accepted, false],
    ["on connections that were made, if that is asked for", connected, false],
  ])("wait for one another's acknowledgement %s", { timeout: 20_000 }, async (_how, open, noDelay) => {
    const [line, other] = (await open(noDelay)) as [Line, Line];
    for (const { ours, theirs } of [line, other]) {
      theirs.on("error", () => undefined);
      ends.push(() => {
        ours.abort();
        theirs.destroy();
      });
    }
    // With Nagle's algorithm it is every round; without, a stall of the machine may make one look so.
    const late = await overtaken(line, other);
    if (noDelay === false) expect(late).toBeGreaterThan(ROUNDS / 2);
    else expect(late).toBeLessThan(ROUNDS / 2);
  });
});

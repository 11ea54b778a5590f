import { expect, it } from "vitest";
import { type ByteReader, type Connection, lines, type Transport } from "../../src/core/mod.ts";
import { Inbox } from "../../src/core/session/inbox.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { served } from "./support/served.ts";

it("input behind the end counts for nobody: events and stats agree", async () => {
  let tell = (): void => {};
  const harness = await served({
    maxConnections: 1,
    onConnect: ({ connection }) => {
      if (connection.id === 2) throw new Error("not welcome");
    },
    onDisconnect: ({ connection }) => {
      if (connection.id === 1) return undefined;
      return new Promise<void>((resolve) => {
        tell = resolve;
      });
    },
  });
  const first = await harness.connect();
  const second = await harness.connect();
  for (const line of ["one\n", "two\n", "three\n"]) await second.send(line);
  await second.finish();
  await first.finish();
  expect(harness.reasons).toEqual(["remote-closed", "handler-failed"]);
  const [one, two] = harness.closed.map(({ bytesIn }) => bytesIn) as [number, number];
  expect(harness.server.stats().bytesIn).toBe(one + two);
  tell();
  await harness.settle();
});

it("an inbox counts what came before its end, and nothing behind it", async () => {
  let input!: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      input = controller;
    },
  });
  const inbox: Inbox<string> = new Inbox(lines().decoder(), manualClock(), {
    onHeard: () => {},
    onInput: () => void inbox.take(),
    onWaiting: () => {},
    onBroken: () => {},
  });
  inbox.run(readable.getReader() as ByteReader);
  input.enqueue(new TextEncoder().encode("before\n"));
  await tickEnd();
  inbox.end();
  input.enqueue(new TextEncoder().encode("behind\n"));
  await tickEnd();
  expect([inbox.bytesIn, inbox.framesIn]).toEqual([7, 1]);
});

/** A transport whose one connection is over, and can then be read all the same. */
function readableWhenOver(): {
  readonly around: (transport: Transport) => Transport;
  over(): void;
  bring(text: string): void;
} {
  const address = { hostname: "127.0.0.1", port: 1 };
  let over = (): void => {};
  let input!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const connection: Connection = {
    readable: new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        input = controller;
      },
    }),
    writable: new WritableStream(),
    remoteAddress: address,
    localAddress: address,
    closed: new Promise((resolve) => {
      over = () => resolve(undefined);
    }),
    close: () => Promise.resolve(),
    abort: () => {},
  };
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => void (stop = resolve));
  async function* accepted(): AsyncGenerator<Connection> {
    yield connection;
    await stopped;
  }
  const listener = { address, close: stop, [Symbol.asyncIterator]: accepted };
  return {
    around: (transport) => ({ ...transport, name: "one", listen: () => Promise.resolve(listener) }),
    over: () => over(),
    bring: (text) => input.enqueue(new TextEncoder().encode(text)),
  };
}

it("a server counts nothing that is read when the connection is gone", async () => {
  const { around, over, bring } = readableWhenOver();
  let tell = (): void => {};
  const onDisconnect = () => new Promise<void>((resolve) => void (tell = resolve));
  const harness = await served({ onDisconnect }, undefined, around);
  bring("before\n");
  await harness.settle();
  over();
  await harness.settle();
  bring("behind\n");
  await harness.settle();
  expect(harness.closed).toMatchObject([{ bytesIn: 7, framesIn: 1 }]);
  expect(harness.server.stats()).toMatchObject({ bytesIn: 7, framesIn: 1 });
  tell();
  await harness.settle();
});

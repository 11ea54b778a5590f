import { expect, it } from "vitest";
import { Inbox } from "../../src/core/inbox.ts";
import { type Connection, lines } from "../../src/core/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { turnEnd } from "../../src/testing/turn.ts";
import { served } from "./served.ts";

it("what is read behind the end counts for nobody: events and stats agree", async () => {
  let tell = (): void => {};
  const it = await served({
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
  const first = await it.connect();
  const second = await it.connect();
  for (const line of ["one\n", "two\n", "three\n"]) await second.send(line);
  await second.finish();
  await first.finish();
  expect(it.reasons).toEqual(["remote-closed", "handler-failed"]);
  const [one, two] = it.closed.map(({ bytesIn }) => bytesIn) as [number, number];
  expect(it.server.stats().bytesIn).toBe(one + two);
  tell();
  await it.settle();
});

it("an inbox counts what came before its end, and nothing behind it", async () => {
  let input!: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      input = controller;
    },
  });
  const inbox = new Inbox(lines().decoder(), manualClock(), { onInput: () => inbox.take(), onBroken: () => {} });
  void inbox.run({ readable } as Connection);
  input.enqueue(new TextEncoder().encode("before\n"));
  await turnEnd();
  inbox.end();
  input.enqueue(new TextEncoder().encode("behind\n"));
  await turnEnd();
  expect([inbox.bytesIn, inbox.framesIn]).toEqual([7, 1]);
});

import { expect, it } from "vitest";
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

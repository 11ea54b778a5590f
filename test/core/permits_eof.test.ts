import { expect, it } from "vitest";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

it("a connection whose FIN comes while every permit is in use ends once one is free", async () => {
  const pending = answers();
  const it = await served({ maxConcurrentHandlers: 1, handler: pending.handler });
  const busy = await it.connect();
  const leaving = await it.connect();
  await busy.send("a\n");
  await leaving.finish();
  pending.of("a").resolve("A");
  await it.settle();
  expect(it.reasons).toEqual(["remote-closed"]);
  expect(leaving.ended).toBe(true);
});

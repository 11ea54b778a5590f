import { expect, it } from "vitest";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

it("a connection whose FIN comes while every permit is in use ends once one is free", async () => {
  const pending = answers();
  const harness = await served({ maxConcurrentHandlers: 1, handler: pending.handler });
  const busy = await harness.connect();
  const leaving = await harness.connect();
  await busy.send("a\n");
  await leaving.finish();
  pending.of("a").resolve("A");
  await harness.settle();
  expect(harness.reasons).toEqual(["remote-closed"]);
  expect(leaving.ended).toBe(true);
});

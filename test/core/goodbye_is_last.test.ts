import { expect, it } from "vitest";
import type { Session } from "../../src/core/mod.ts";
import { served } from "./served.ts";

it("a goodbye that waits to be written is the last frame: what is pushed then is refused", async () => {
  let session: Session<string> | undefined;
  const harness = await served(
    {
      onConnect: (opened) => {
        session = opened;
      },
      onDrain: () => "goodbye",
    },
    4,
  );
  const other = await harness.connect({ reads: false });
  expect(session?.send("news")).toBe("sent");
  await harness.settle();
  const drained = harness.server.shutdown();
  await harness.settle();
  expect(session?.send("more")).toBe("closed");
  await other.read();
  await drained;
  expect(other.received).toBe("news\ngoodbye\n");
  expect(harness.reasons).toEqual(["drained"]);
});

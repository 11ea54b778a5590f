import { describe, expect, it } from "vitest";
import type { Middleware } from "../../../src/core/mod.ts";
import { sampled } from "../../../src/observers/metrics/sampled.ts";
import { served } from "../../core/support/served.ts";

function everySecond() {
  let frames = 0;
  const taken: unknown[] = [];
  const middleware = sampled(
    () => {
      frames += 1;
      return frames % 2 === 0;
    },
    (frame, context, next) => {
      taken.push(frame);
      return next(frame, context);
    },
  );
  return { middleware, taken, frames: () => frames };
}

describe("a sampled middleware", () => {
  it("gets its sample from the server", async () => {
    const { middleware, taken, frames } = everySecond();
    const harness = await served({ middleware: [middleware], handler: (line) => line });
    const peer = await harness.connect();
    await peer.send("a\nb\nc\nd\n");
    expect([taken, frames(), peer.received]).toEqual([["b", "d"], 4, "a\nb\nc\nd\n"]);
  });

  it("gets the same sample from a middleware around it, which does not ask", async () => {
    const { middleware, taken, frames } = everySecond();
    const around: Middleware<string> = (line, context, next) => middleware(line, context, next);
    const harness = await served({ middleware: [around], handler: (line) => line });
    const peer = await harness.connect();
    await peer.send("a\nb\nc\nd\n");
    expect([taken, frames(), peer.received]).toEqual([["b", "d"], 4, "a\nb\nc\nd\n"]);
  });
});

import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/mod.ts";
import { withSignal } from "../../src/middleware/mod.ts";
import { served } from "../core/support/served.ts";

describe("withSignal", () => {
  it("gives a context that is the same but for its signal", async () => {
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const harness = await served({
      middleware: [
        (line, context, next) => {
          const derived = withSignal(context, signal);
          seen.push(derived.session === context.session, derived.connection === context.connection);
          return next(line, derived);
        },
      ],
      handler: (line, context) => {
        seen.push(context.signal === signal);
        if (line === "QUIT") context.close();
        else context.upgrade({ codec: lines(), handler: (upgraded) => `upgraded ${upgraded}` });
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("a\nupgraded b\n");
    const another = await harness.connect();
    await another.send("QUIT\na\n");
    expect([another.received, another.ended]).toEqual(["QUIT\n", true]);
    expect(seen).toEqual(Array(6).fill(true));
  });
});

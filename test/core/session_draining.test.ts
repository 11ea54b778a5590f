import { describe, expect, it } from "vitest";
import { lines, type ServeOptions, type Session } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** A served connection whose handler does not answer by itself, and the code that its `draining` aborted with. */
async function watched(early: boolean) {
  const pending = answers();
  let session: Session<string> | undefined;
  const harness = await served({
    handlerTimeoutMs: 5_000,
    onConnect: (connected) => {
      session = connected;
      if (early) void connected.draining;
    },
    handler: pending.handler,
  });
  const peer = await harness.connect();
  const code = () => {
    const { aborted, reason } = (session as Session<string>).draining;
    return aborted ? (reason as { code: string }).code : undefined;
  };
  return { harness, peer, pending, session: session as unknown as Session<string>, code };
}

type Watched = Awaited<ReturnType<typeof watched>>;

const CAUSES: [string, (trial: Watched) => unknown, string | undefined][] = [
  ["the server drains", ({ harness }) => void harness.server.shutdown(), "drained"],
  ["the session is closed", ({ session }) => session.close(), "handler-closed"],
  ["the connection is reset", ({ peer }) => peer.reset(), "connection-reset"],
  ["the handler is late", ({ harness }) => harness.clock.advance(5_000), "handler-timeout"],
  ["the peer finishes", ({ peer }) => peer.finish(), undefined],
];

describe.each([
  ["asked for before", true],
  ["asked for afterwards", false],
])("session.draining, %s", (_name, early) => {
  it.each(CAUSES)("tells the close reason, if there is one, when %s", async (_cause, act, expected) => {
    const trial = await watched(early);
    await trial.peer.send("work\n");
    if (early) expect(trial.code()).toBeUndefined();
    await act(trial);
    await trial.harness.settle();
    expect(trial.code()).toBe(expected);
  });
});

describe("session.draining", () => {
  it.each<[string, Partial<ServeOptions<string, string>>, string]>([
    ["has the last word", {}, "begun\nended\nlast\n"],
    ["throws", {}, "begun\nended\nerror: handler-failed\n"],
    ["is too long", { codec: lines({ maxFrameBytes: 20 }) }, "begun\nended\nerror: frame-too-large\n"],
  ])("ends a stream before a frame that %s", async (what, options, received) => {
    const harness = await served({
      concurrency: 2,
      ...options,
      handler: (line, context) => {
        if (line === "stream") return forEver(context.session.draining);
        if (line === "throws") throw new Error("no");
        context.close();
        return "last";
      },
    });
    const peer = await harness.connect();
    await peer.send(`stream\n${what === "is too long" ? "x".repeat(21) : what}\n`);
    expect(peer.received).toBe(received);
  });

  it("ends a stream that would not end by itself, within the drain", async () => {
    const harness = await served({
      handler: (_line, { session }) => forEver(session.draining),
      onDrain: () => "goodbye",
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("begun\nended\ngoodbye\n");
  });
});

async function* forEver(draining: AbortSignal): AsyncGenerator<string> {
  yield "begun";
  if (!draining.aborted) {
    await new Promise<void>((resolve) => draining.addEventListener("abort", () => resolve()));
  }
  yield "ended";
}

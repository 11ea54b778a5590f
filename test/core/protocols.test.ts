import { describe, expect, it } from "vitest";
import { defineProtocol, type EstablishStep, identify, lines, type Middleware } from "../../src/core/mod.ts";
import { served } from "./support/served.ts";

/** Says that ALPN has chosen the protocols of this list, one connection after the other. */
function agreed(...names: (string | undefined)[]): EstablishStep {
  let count = 0;
  return (connection) => {
    const alpn = names[count++];
    const tls = {
      protocol: "TLSv1.3",
      cipher: "C",
      authorized: false,
      resumed: false,
      ...(alpn !== undefined && { alpn }),
    };
    return identify(connection, { tls });
  };
}

const bytes = defineProtocol({
  codec: lines({ encoding: "bytes" }),
  handler: (line) => line.toReversed(),
  onDrain: () => new TextEncoder().encode("bytes bye"),
});

describe("protocols", () => {
  it("take the place of codec, handler and goodbye where ALPN has chosen them", async () => {
    const harness = await served({
      establish: [agreed("bytes/1", undefined, "other/1")],
      protocols: { "bytes/1": bytes },
      onDrain: () => "bye",
    });
    const peers = [await harness.connect(), await harness.connect(), await harness.connect()];
    for (const peer of peers) await peer.send("abc\n");
    expect(peers.map(({ received }) => received)).toEqual(["cba\n", "ABC\n", "ABC\n"]);
    await harness.server.shutdown();
    await harness.settle();
    expect(peers.map(({ received }) => received)).toEqual(["cba\nbytes bye\n", "ABC\nbye\n", "ABC\nbye\n"]);
  });

  it("keep the state and the other hooks of the service", async () => {
    const ends: unknown[] = [];
    const harness = await served({
      establish: [agreed("bytes/1")],
      protocols: { "bytes/1": bytes },
      onDisconnect: (session) => void ends.push(session.connection.tls?.alpn),
    });
    const peer = await harness.connect();
    await peer.finish();
    await harness.settle();
    expect(ends).toEqual(["bytes/1"]);
  });

  const guard: Middleware<string> = Object.assign(
    ((line, context, next) => next(line, context)) satisfies Middleware<string>,
    { authenticates: true },
  );

  it.each([
    [{ protocols: 1 }, "protocols must be an object"],
    [{ protocols: [] }, "protocols must be an object"],
    [{ protocols: { "": bytes } }, "the name of a protocol must not be empty"],
    [{ protocols: { a: { codec: lines() } } }, "handler must be a function"],
    [{ protocols: { a: { ...bytes, handle: 1 } } }, "unknown option handle; did you mean handler?"],
    [
      { protocols: { a: bytes }, middleware: [guard] },
      "protocols have no middleware, so a service with one that authenticates cannot have any",
    ],
  ])("are refused as %j", async (options, message) => {
    await expect(served(options as unknown as Parameters<typeof served>[0])).rejects.toThrow(new TypeError(message));
  });
});

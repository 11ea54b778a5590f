import { describe, expect, it } from "vitest";
import { type Codec, type Context, type Decoder, lines, type Protocol } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { type Served, served } from "./support/served.ts";
import { binary, exchanged, handshake } from "./support/upgrading.ts";

/** A server whose handler tells what `upgrade` threw, as its reply. */
function refusing(to: unknown, codec: Codec<string> = lines()): Promise<Served> {
  const handler = (line: string, context: Context) => {
    if (line !== "binary") return line;
    try {
      context.upgrade(to as Protocol<string>);
      return "upgraded";
    } catch (error) {
      return String(error);
    }
  };
  return served({ codec, handler });
}

describe("an upgrade that makes no sense", () => {
  const broken = () => {
    throw new Error("no decoder");
  };
  it.each<[string, unknown, string]>([
    ["no codec", { handler: () => "" }, "TypeError: codec must have decoder() and encoder(), such as lines()"],
    [
      "a codec that is not called",
      { ...binary, codec: lines },
      "TypeError: codec must have decoder() and encoder(), such as lines(): it is a function, call it",
    ],
    ["no handler", { codec: lines() }, "TypeError: handler must be a function"],
    ["an unknown option", { ...binary, ondrain: 1 }, "TypeError: unknown option ondrain; did you mean onDrain?"],
    ["nothing", undefined, "TypeError: "],
    ["a decoder() that throws", { ...binary, codec: { ...lines(), decoder: broken } }, "Error: no decoder"],
    ["an encoder() that throws", { ...binary, codec: { ...lines(), encoder: broken } }, "Error: no decoder"],
  ])("is refused at the call, and the connection goes on as before: %s", async (_name, to, message) => {
    const harness = await refusing(to);
    const received = await exchanged(harness, "a\nbinary\nb\n");
    expect(received.startsWith(`a\n${message}`)).toBe(true);
    expect(received.endsWith("\nb\n")).toBe(true);
    expect(harness.reasons).toEqual(["remote-closed"]);
  });

  it("a codec that cannot hand over its input", async () => {
    const harness = await refusing(binary, withoutUnread);
    expect(await exchanged(harness, "a\nbinary\nb\n")).toBe(
      "a\nTypeError: upgrade() needs a decoder with unread(), to leave it\nb\n",
    );
  });

  it("an error that is not caught ends the connection", async () => {
    const harness = await served({ codec: withoutUnread, handler: handshake });
    expect(await exchanged(harness, "a\nbinary\nb\n")).toBe("A\nerror: handler-failed\n");
    expect(harness.of("handler-error")).toMatchObject([{ error: { cause: expect.any(TypeError) as TypeError } }]);
  });

  it("a codec whose push() throws is found out later, as any codec: it ends the connection", async () => {
    const push = () => {
      throw new Error("no push");
    };
    const harness = await refusing({ ...binary, codec: { ...lines(), decoder: () => ({ ...quiet, push }) } });
    expect(await exchanged(harness, "a\nbinary\nb\n")).toBe("a\nupgraded\nerror: codec-failed\n");
    expect(harness.of("frame-error")).toMatchObject([
      { error: { code: "codec-failed", message: "the codec threw: no push" } },
    ]);
  });

  it("after the handler has finished", async () => {
    const contexts: Context[] = [];
    const harness = await served({
      handler: (line, context) => {
        contexts.push(context);
        return line === "later" ? Promise.resolve(line) : line;
      },
    });
    const peer = await harness.connect();
    await peer.send("now\nlater\n");
    expect(contexts).toHaveLength(2);
    for (const context of contexts) expect(() => context.upgrade(binary)).toThrow(TypeError);
    await peer.send("again\n");
    expect(peer.received).toBe("now\nlater\nagain\n");
  });

  it("after the connection is over", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("binary\n");
    await peer.reset();
    expect(harness.reasons).toEqual(["connection-reset"]);
    expect(() => pending.of("binary").context.upgrade(binary)).toThrow(TypeError);
  });
});

const withoutUnread: Codec<string> = {
  decoder() {
    const decoder = lines().decoder();
    return {
      push: (chunk) => decoder.push(chunk),
      next: () => decoder.next(),
      end: () => decoder.end(),
      get midFrame() {
        return decoder.midFrame;
      },
    };
  },
  encoder: () => lines().encoder(),
};

const quiet: Decoder<string> = { push() {}, next: () => undefined, end() {}, midFrame: false };

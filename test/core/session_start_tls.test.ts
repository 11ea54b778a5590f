import { describe, expect, it } from "vitest";
import {
  type Connection,
  type Context,
  type EstablishStep,
  identify,
  lines,
  readHead,
  SpillwayError,
  streamConnection,
} from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** Turns the case of ASCII letters: an encryption whose text can be read. */
const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => (byte > 64 ? byte ^ 32 : byte));

const turning = () =>
  new TransformStream<Uint8Array, Uint8Array>({ transform: (chunk, controller) => controller.enqueue(turned(chunk)) });

const TLS = { protocol: "TLSv1.3", cipher: "TURN", authorized: false, resumed: false } as const;

/** Shakes hands with a line `hello`, and then turns the bytes of both directions. */
const secure: EstablishStep = async (connection) => {
  const head = await readHead(connection, (bytes) => bytes.indexOf(10) + 1 || undefined);
  if (new TextDecoder().decode(head) !== "hello\n") throw new SpillwayError("tls-failed", "that is no hello");
  return identify(encrypted(connection), { tls: TLS });
};

function encrypted(below: Connection): Connection {
  const { readable, writable } = turning();
  void readable.pipeTo(below.writable).catch(() => undefined);
  const { remoteAddress, localAddress } = below;
  return streamConnection({ readable: below.readable.pipeThrough(turning()), writable, remoteAddress, localAddress });
}

const handler = (line: string, context: Context<string>): string => {
  if (line === "STARTTLS") context.startTls(secure);
  return `${line} ${context.connection.tls?.cipher ?? "plain"}`;
};

describe("context.startTls", () => {
  it("sends the reply in plain, and everything behind it through the new connection", async () => {
    const harness = await served({ handler });
    const peer = await harness.connect();
    await peer.send("one\nSTARTTLS\n");
    expect(peer.received).toBe("one plain\nSTARTTLS plain\n");
    await peer.send("hello\n");
    await peer.send("TWO\n");
    await harness.settle();
    expect(peer.received).toBe("one plain\nSTARTTLS plain\nTWO turn\n");
    await peer.finish();
    await harness.settle();
    expect(harness.reasons).toEqual(["remote-closed"]);
    expect(harness.closed).toMatchObject([{ framesIn: 3, framesOut: 3, connection: { id: 1, tls: TLS } }]);
  });

  it("takes the first bytes of the handshake together with what follows them", async () => {
    const harness = await served({ handler });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    await peer.send("hello\nONE\nTWO\n");
    await harness.settle();
    expect(peer.received).toBe("STARTTLS plain\nONE turn\nTWO turn\n");
  });

  it.each(["STARTTLS\nRCPT\n", "STARTTLS\nRC", "STARTTLS\n\n", "STARTTLS\nhello\n"])(
    "closes a connection that sends more in plain with the command: %j",
    async (text) => {
      const harness = await served({ handler });
      const peer = await harness.connect();
      await peer.send(text);
      await harness.settle();
      expect(peer.error).toBeDefined();
      expect(harness.reasons).toEqual(["tls-failed"]);
      expect(harness.closed).toMatchObject([{ framesIn: text === "STARTTLS\nRC" ? 1 : 2, framesOut: 1 }]);
    },
  );

  it("closes a connection that sends more in plain before the reply, and handles none of it", async () => {
    const pending = answers();
    const frames: string[] = [];
    const harness = await served({
      concurrency: 4,
      handler: (line, context) => {
        frames.push(line);
        context.startTls(secure);
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    await peer.send("RCPT\n");
    pending.of("STARTTLS").resolve("go");
    await harness.settle();
    expect(frames).toEqual(["STARTTLS"]);
    expect(harness.reasons).toEqual(["tls-failed"]);
  });

  it("holds pushes back until they can be sent through the new connection", async () => {
    const harness = await served({ handler });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    const [session] = [...harness.server.sessions];
    expect(session?.send("push")).toBe("sent");
    await harness.settle();
    expect(peer.received).toBe("STARTTLS plain\n");
    await peer.send("hello\n");
    await harness.settle();
    expect(peer.received).toBe("STARTTLS plain\nPUSH\n");
  });

  it("ends with the reason of a step that throws", async () => {
    const harness = await served({ handler });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    await peer.send("nonsense\n");
    await harness.settle();
    expect(peer.error).toBeDefined();
    expect(harness.reasons).toEqual(["tls-failed"]);
    expect(harness.closed).toMatchObject([{ error: { message: "that is no hello" } }]);
  });

  it("ends half a handshake with the deadline of the steps", async () => {
    const harness = await served({ handler, establishTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    await peer.send("hel");
    await harness.clock.advance(1_100);
    expect(peer.error).toBeDefined();
    expect(harness.reasons).toEqual(["establish-timeout"]);
  });

  it.each(["FIN", "a reset"])("ends when %s comes instead of a handshake", async (end) => {
    const harness = await served({ handler });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    if (end === "FIN") await peer.finish();
    else await peer.reset();
    await harness.settle();
    expect(harness.reasons).toEqual([end === "FIN" ? "unexpected-eof" : "connection-reset"]);
  });

  it.each([
    ["a drain", "drained"],
    ["session.close()", "handler-closed"],
  ])("is ended at once by %s", async (how, reason) => {
    const harness = await served({ handler, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    if (how === "a drain") void harness.server.shutdown();
    else for (const session of harness.server.sessions) session.close();
    await harness.settle();
    expect(harness.reasons).toEqual([reason]);
    expect(peer.received).toBe("STARTTLS plain\n");
    expect(harness.server.stats().connections).toBe(0);
  });

  it.each([
    ["a drain", "drained"],
    ["session.close()", "handler-closed"],
    ["FIN", "remote-closed"],
  ])("does not begin when %s comes before the reply", async (how, reason) => {
    const pending = answers();
    const harness = await served({
      onDrain: () => "bye",
      handler: (line, context) => {
        context.startTls(secure);
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    if (how === "a drain") void harness.server.shutdown();
    else if (how === "FIN") await peer.finish();
    else for (const session of harness.server.sessions) session.close();
    await harness.settle();
    pending.of("STARTTLS").resolve("go");
    await harness.settle();
    expect(harness.reasons).toEqual([reason]);
    expect(peer.received).toBe("go\n");
    expect(peer.ended).toBe(true);
  });

  it("refuses what came behind the command although other handlers are at work on it", async () => {
    const pending = answers();
    const harness = await served({
      concurrency: 2,
      handler: async (line, context) => {
        if (line !== "STARTTLS") return `did ${line}`;
        const reply = await pending.handler(line, context);
        context.startTls(secure);
        return reply;
      },
    });
    const peer = await harness.connect();
    await peer.send("STARTTLS\nMAIL FROM:<evil>\n");
    pending.of("STARTTLS").resolve("go");
    await harness.settle();
    expect(harness.reasons).toEqual(["tls-failed"]);
    expect(peer.received).toBe("");
  });

  it.each(["startTls, then upgrade", "upgrade, then startTls", "startTls twice"])(
    "is refused with: %s",
    async (how) => {
      const errors: unknown[] = [];
      const other = { codec: lines(), handler: (line: string) => line };
      const harness = await served({
        handler: (line, context) => {
          try {
            if (how.startsWith("upgrade")) context.upgrade(other);
            context.startTls(secure);
            if (how.endsWith("upgrade")) context.upgrade(other);
            if (how.endsWith("twice")) context.startTls(secure);
          } catch (error) {
            errors.push(error);
          }
          context.close();
          return line;
        },
      });
      const peer = await harness.connect();
      await peer.send("x\n");
      expect(errors).toEqual([expect.any(TypeError)]);
    },
  );

  it("ends a connection that its step still uses", async () => {
    const harness = await served({
      handler: (line, context) => {
        context.startTls((connection) => {
          connection.readable.getReader();
          return connection;
        });
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    await harness.settle();
    expect(harness.reasons).toEqual(["connection-failed"]);
    expect(peer.error).toBeDefined();
  });

  it("is cut off by session.abort()", async () => {
    const harness = await served({ handler });
    const peer = await harness.connect();
    await peer.send("STARTTLS\n");
    for (const session of harness.server.sessions) session.abort();
    await harness.settle();
    expect(harness.reasons).toEqual(["aborted"]);
    expect(peer.error).toBeDefined();
  });

  it.each([
    ["after the handler has finished", secure, "startTls() must be called before the handler has finished"],
    ["with another value", "tls", "startTls() takes an establish step, such as tls({ cert, key })"],
  ])("is refused %s", async (when, step, message) => {
    let thrown: unknown;
    let kept: Context<string> | undefined;
    const harness = await served({
      handler: (line, context) => {
        const target = kept ?? context;
        if (when.startsWith("after")) kept = context;
        if (when.startsWith("after") && target === context) return line;
        try {
          target.startTls(step as EstablishStep);
        } catch (error) {
          thrown = error;
        }
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("one\ntwo\n");
    expect(thrown).toEqual(new TypeError(message));
    expect(peer.received).toBe("one\ntwo\n");
  });
});

import { describe, expect } from "vitest";
import { bytes, lines } from "../../src/core/codecs/mod.ts";
import type { Session } from "../../src/mod.ts";
import { gate, type Platform, start, testOn } from "./support/platform.ts";

/** The two directions of a connection end one by one. */
export function halfClose(platform: Platform): void {
  describe("half-close", () => {
    testOn(platform, "onEnd has the last word, behind the replies to all frames", async () => {
      const heard: string[] = [];
      const { dial, closed } = await start(platform, {
        codec: lines(),
        concurrency: 2,
        handler: async (line) => {
          await Promise.resolve();
          heard.push(line);
          return line.toUpperCase();
        },
        onEnd: async () => {
          await Promise.resolve();
          return `${heard.length} lines`;
        },
      });
      const client = await dial();
      client.send("one\ntwo\nthree\n");
      client.finish();
      expect(await client.rest()).toBe("ONE\nTWO\nTHREE\n3 lines\n");
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 3, framesOut: 4 });
    });

    testOn(platform, "onEnd may give a stream, and what is sent meanwhile is in its place", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: () => undefined,
        onEnd: async function* (session: Session<string>) {
          yield "first";
          session.send("between");
          await session.flushed();
          yield "x".repeat(200_000);
        },
      });
      const client = await dial();
      client.finish();
      expect(await client.rest()).toBe(`first\nbetween\n${"x".repeat(200_000)}\n`);
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesOut: 3 });
    });

    testOn(
      platform,
      "onEnd is not called when a frame is cut off, at a drain, or when the service closes",
      async () => {
        let calls = 0;
        const { dial, closed, server } = await start(platform, {
          codec: lines(),
          handler: (line, context) => {
            if (line === "quit") context.close();
            return line;
          },
          onEnd: () => `end ${++calls}`,
        });
        const cut = await dial();
        cut.send("half");
        cut.finish();
        expect(await cut.rest()).toBe("error: unexpected-eof\n");
        const quitting = await dial();
        quitting.send("quit\n");
        quitting.finish();
        expect(await quitting.rest()).toBe("quit\n");
        const drained = await dial();
        drained.send("a\n");
        await drained.until("a\n");
        await server.shutdown();
        expect((await closed(3)).reason).toBe("drained");
        expect(calls).toBe(0);
      },
    );

    testOn(platform, "onEnd that fails ends the connection as a handler that fails", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        onEnd: () => Promise.reject(new Error("nothing to say")),
        observer: () => undefined,
      });
      const client = await dial();
      client.send("a\n");
      client.finish();
      expect(await client.rest()).toBe("a\nerror: handler-failed\n");
      expect((await closed()).reason).toBe("handler-failed");
    });

    testOn(platform, "an upgrade has an onEnd of its own", async () => {
      let bytesIn = 0;
      const { dial } = await start(platform, {
        codec: lines(),
        handler: (line, context) => {
          context.upgrade({
            codec: bytes(),
            handler: (chunk) => void (bytesIn += chunk.length),
            onEnd: () => `${bytesIn} bytes`,
          });
          return `${line}, then bytes`;
        },
        onEnd: () => "not this one",
      });
      const client = await dial();
      client.send("hello\nabc");
      await client.until("bytes\n");
      client.send("x".repeat(100_000));
      client.finish();
      expect(await client.rest()).toBe("hello, then bytes\n100003 bytes");
    });

    testOn(platform, "closeWrite sends FIN behind what was sent, and frames are handled until the peer's", async () => {
      const heard: string[] = [];
      const closing = gate<Session<string>>();
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (line, { session }) => {
          heard.push(line);
          if (line !== "last") return `void ${line}`;
          session.send("x".repeat(300_000));
          session.closeWrite();
          session.closeWrite();
          closing.open(session);
          return "void too";
        },
      });
      const client = await dial({ halfOpen: true });
      client.send("last\n");
      expect(await client.ended).toBe("fin");
      expect(await client.rest()).toBe(`${"x".repeat(300_000)}\n`);
      const session = await closing.promise;
      expect(session.send("too late")).toBe("closed");
      client.send("more\nand more\n");
      client.finish();
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 3, framesOut: 1 });
      expect(heard).toEqual(["last", "more", "and more"]);
    });

    testOn(platform, "after closeWrite, a bad frame or a drain ends the connection without a word", async () => {
      const { dial, closed, server } = await start(platform, {
        codec: lines({ maxFrameBytes: 8 }),
        onConnect: (session) => session.closeWrite(),
        handler: (line) => line,
        onDrain: () => "goodbye",
      });
      const bad = await dial({ halfOpen: true });
      expect(await bad.ended).toBe("fin");
      bad.send("much too long\n");
      expect((await closed()).reason).toBe("frame-too-large");
      bad.finish();
      const other = await dial({ halfOpen: true });
      expect(await other.ended).toBe("fin");
      const drained = server.shutdown();
      other.finish();
      expect(await drained).toMatchObject({ aborted: 0 });
      expect(await other.rest()).toBe("");
      expect((await closed(2)).bytesOut).toBe(0);
    });

    testOn(platform, "session.abort() ends the connection at once, and what is in flight with it", async () => {
      const aborted = gate<unknown>();
      const { dial, closed } = await start(platform, {
        codec: lines(),
        concurrency: 2,
        handler: (line, { session, signal }) => {
          if (line === "abort") return session.abort();
          return new Promise<string>(() => signal.addEventListener("abort", () => aborted.open(signal.reason)));
        },
      });
      const client = await dial();
      client.send("wait\nabort\nlost\n");
      expect(await aborted.promise).toMatchObject({ code: "aborted" });
      expect(await client.rest()).toBe("");
      expect(await closed()).toMatchObject({
        reason: "aborted",
        error: { code: "aborted" },
        framesIn: 2,
        framesOut: 0,
      });
    });

    testOn(platform, "session.abort() is a reset for the peer", async () => {
      const { dial } = await start(platform, {
        codec: lines(),
        handler: (_, { session }) => session.abort(),
      });
      const client = await dial();
      client.send("abort\n");
      expect(await client.ended).toBe("reset");
    });
  });
}

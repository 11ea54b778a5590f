import { describe, expect } from "vitest";
import { type Codec, lines, SpillwayError } from "../../src/mod.ts";
import { type Platform, start, testOn } from "./support/platform.ts";

const echo = (line: string) => line;

/** The frames that a server makes of bytes. */
export function frames(platform: Platform): void {
  describe("frames", () => {
    testOn(platform, "bytes split anywhere give the same lines", async () => {
      const { dial, heard } = await start(platform, { codec: lines({ fatal: true }), handler: echo });
      const text = "grüße\r\n日本\n\n𝄞\r\n";
      const bytes = new TextEncoder().encode(text);
      const client = await dial();
      for (let at = 0; at < bytes.length; at++) {
        client.send(bytes.slice(at, at + 1));
        await heard(at + 1);
      }
      client.finish();
      expect(await client.rest()).toBe("grüße\n日本\n\n𝄞\n");
    });

    testOn(platform, "many lines in one segment are each answered, in order", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: echo });
      const client = await dial();
      const text = Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`).join("");
      client.send(text);
      client.finish();
      expect(await client.rest()).toBe(text);
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 5_000, framesOut: 5_000 });
    });

    testOn(
      platform,
      "a line at the limit is answered, one byte more ends the connection with a fault frame",
      async () => {
        const { dial, closed } = await start(platform, { codec: lines({ maxFrameBytes: 100 }), handler: echo });
        const client = await dial();
        client.send(`${"x".repeat(100)}\r\n${"y".repeat(101)}\nlost\n`);
        expect(await client.rest()).toBe(`${"x".repeat(100)}\nerror: frame-too-large\n`);
        expect(await closed()).toMatchObject({ reason: "frame-too-large", framesIn: 1, framesOut: 1 });
      },
    );

    testOn(platform, "a line that never ends is refused when it is too long, not when it ends", async () => {
      const { dial, closed } = await start(platform, { codec: lines({ maxFrameBytes: 1_000 }), handler: echo });
      const client = await dial();
      client.send("z".repeat(200_000));
      expect(await client.rest()).toBe("error: frame-too-large\n");
      expect((await closed()).reason).toBe("frame-too-large");
    });

    testOn(platform, "with skip, exactly the bad lines are dropped", async () => {
      const { dial, events } = await start(platform, {
        codec: lines({ maxFrameBytes: 5, fatal: true }),
        handler: echo,
        invalidFrame: "skip",
      });
      const client = await dial();
      client.send("one\n123456\ntwo\n");
      client.send(new Uint8Array([0xff, 0x0a]));
      client.send("three\n");
      client.finish();
      expect(await client.rest()).toBe("one\ntwo\nthree\n");
      const errors = events.filter((event) => event.type === "frame-error");
      expect(errors.map(({ error, skipped }) => [error.code, skipped])).toEqual([
        ["frame-too-large", true],
        ["frame-invalid", true],
      ]);
    });

    testOn(platform, "with truncate, the beginning of a long line is handled, and all of it is read", async () => {
      const { dial, events, closed } = await start(platform, {
        codec: lines({ maxFrameBytes: 5 }),
        handler: (line, { truncated }) => (truncated ? `${line}...` : line),
        invalidFrame: "truncate",
      });
      const client = await dial();
      client.send(`one\nabcdé${"x".repeat(300_000)}\ntwo\n`);
      client.finish();
      expect(await client.rest()).toBe("one\nabcd...\ntwo\n");
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 3, bytesIn: 300_015 });
      expect(events.filter((event) => event.type === "frame-error")).toEqual([]);
    });

    testOn(platform, "invalid UTF-8 is replaced, or refused where it is fatal", async () => {
      const bad = new Uint8Array([0x61, 0xff, 0x62, 0x0a]);
      const lenient = await start(platform, { codec: lines(), handler: echo });
      const first = await lenient.dial();
      first.send(bad);
      expect(await first.until("\n")).toBe("a\ufffdb\n");
      const strict = await start(platform, { codec: lines({ fatal: true }), handler: echo });
      const second = await strict.dial();
      second.send(bad);
      expect(await second.rest()).toBe("error: frame-invalid\n");
      expect((await strict.closed()).reason).toBe("frame-invalid");
    });

    testOn(platform, "a frame that the end cuts off never reaches the handler", async () => {
      const handled: string[] = [];
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (line) => {
          handled.push(line);
          return `did ${line}`;
        },
      });
      const client = await dial();
      client.send("DELETE 1\nDELETE 10");
      client.finish();
      expect(await client.rest()).toBe("did DELETE 1\nerror: unexpected-eof\n");
      expect(handled).toEqual(["DELETE 1"]);
      expect((await closed()).reason).toBe("unexpected-eof");
    });

    testOn(platform, "an unterminated last line is delivered on request", async () => {
      const { dial, closed } = await start(platform, { codec: lines({ unterminated: "deliver" }), handler: echo });
      const client = await dial();
      client.send("last words");
      client.finish();
      expect(await client.rest()).toBe("last words\n");
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "bytes go through unchanged", async () => {
      const { dial } = await start(platform, { codec: lines({ encoding: "bytes" }), handler: (line) => line });
      const all = Uint8Array.from({ length: 255 }, (_, index) => (index < 10 ? index : index + 1));
      const client = await dial();
      client.send(all);
      client.send("\n");
      client.finish();
      await client.rest();
      expect(client.receivedBytes).toBe(256);
    });

    testOn(platform, "frames that a handler keeps are not overwritten by later input", async () => {
      const kept: Uint8Array[] = [];
      const { dial, heard } = await start(platform, {
        codec: lines({ encoding: "bytes" }),
        handler: (line) => {
          kept.push(line);
        },
      });
      const client = await dial();
      let sent = 0;
      for (let index = 0; index < 200; index++) {
        const line = `${String(index).padStart(4, "0")}${"-".repeat(index % 2 === 0 ? 10 : 2_000)}\n`;
        client.send(line);
        await heard((sent += line.length));
      }
      const texts = kept.map((line) => new TextDecoder().decode(line.subarray(0, 4)));
      expect(texts).toEqual(Array.from({ length: 200 }, (_, index) => String(index).padStart(4, "0")));
    });

    for (const [where, codec] of brokenCodecs) {
      testOn(platform, `a codec that throws in ${where} ends that connection only`, async () => {
        const { dial, closed } = await start(platform, { codec, handler: echo });
        const [good, bad] = [await dial(), await dial()];
        bad.send("break\n");
        bad.finish();
        await bad.ended;
        expect((await closed()).reason).toBe("codec-failed");
        good.send("fine\n");
        expect(await good.until("\n")).toBe("fine\n");
      });
    }
  });
}

const brokenCodecs: [string, Codec<string>][] = [
  ["next", breaking({ next: true })],
  ["push", breaking({ push: true })],
  ["encode", breaking({ encode: true })],
];

/** Lines, but the line `break` breaks it. */
function breaking(where: { next?: boolean; push?: boolean; encode?: boolean }): Codec<string> {
  const codec = lines();
  return {
    decoder: () => {
      const decoder = codec.decoder();
      return {
        push(chunk) {
          if (where.push && new TextDecoder().decode(chunk).includes("break")) throw new Error("push");
          decoder.push(chunk);
        },
        next() {
          const line = decoder.next();
          if (where.next && line === "break") throw new TypeError("next");
          return line;
        },
        end: () => decoder.end(),
        get midFrame() {
          return decoder.midFrame;
        },
      };
    },
    encoder: () => {
      const encoder = codec.encoder();
      return {
        encode(frame, output) {
          if (where.encode && frame === "break") throw new SpillwayError("frame-invalid", "encode");
          encoder.encode(frame, output);
        },
      };
    },
  };
}

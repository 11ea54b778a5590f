import { afterEach, beforeEach, describe, expect, vi } from "vitest";
import { lines, mapCodec } from "../../src/core/codecs/mod.ts";
import { type ServeOptions, serve } from "../../src/core/mod.ts";
import { eventually, type Platform, testOn } from "./support/platform.ts";

/** The reports of errors where nobody observes them. */
export function errorReports(platform: Platform): void {
  describe("error reports", () => {
    let written: string[] = [];
    beforeEach(() => {
      written = [];
      vi.spyOn(console, "error").mockImplementation((text: unknown) => void written.push(String(text)));
    });
    afterEach(() => vi.restoreAllMocks());

    /** Sends `text` to a server, waits for `count` reports and for the end of the connection; gives the client's port. */
    const report = async (options: Omit<ServeOptions, "port">, text: string, count: number): Promise<number> => {
      await using server = await serve(platform.transport, { port: 0, ...options });
      const client = await platform.dial(server.address);
      client.send(text);
      client.finish();
      await client.ended;
      await eventually(() => written.length >= count && server.stats().connections === 0);
      return client.port;
    };

    testOn(platform, "name the connection and the place in the handler that threw", async () => {
      const broken = (line: string): string => {
        throw new Error(`no ${line}`);
      };
      const port = await report({ codec: lines(), handler: broken }, "a\n", 1);
      const [first, ...stack] = (written[0] ?? "").split("\n");
      expect(first).toBe(`spillway: connection 1 from 127.0.0.1:${port}: the handler threw: no a [handler-failed]`);
      expect(stack.join("\n")).toContain("error_reports.ts");
      expect(written).toHaveLength(1);
    });

    testOn(platform, "name what a handler rejected with, whatever that is", async () => {
      const reject = async (): Promise<string> =>
        Promise.reject(new Proxy(new Error("no"), { get: () => Symbol("no") }));
      await report({ codec: lines(), handler: reject }, "a\n", 1);
      expect(written).toEqual([expect.stringContaining("the handler threw: an error that cannot be described")]);
    });

    testOn(platform, "name what a codec refused and what it threw, with what the peer sent escaped", async () => {
      const codec = mapCodec(lines({ maxFrameBytes: 16 }), {
        decode: (line): string => {
          if (line.startsWith("good")) return line;
          throw new Error(`no frame: ${line}`);
        },
        encode: (line: string) => line,
      });
      await report(
        { codec, handler: (line) => line, invalidFrame: "skip" },
        `\u001b[2J\r\u2028\n${"x".repeat(17)}\n`,
        2,
      );
      expect(written).toEqual([
        expect.stringContaining("no frame: \\x1b[2J\\r\\u2028 [frame-invalid]"),
        expect.stringContaining("a line of more than 16 bytes [frame-too-large]"),
      ]);
    });

    testOn(platform, "are left to the observer where there is one, and tell when that throws", async () => {
      const codec = lines();
      const handler = (): string => {
        throw new Error("handler bug");
      };
      const seen: string[] = [];
      await report({ codec, handler, observer: ({ type }) => void seen.push(type) }, "a\n", 0);
      expect([seen.includes("handler-error"), written]).toEqual([true, []]);
      const observer = ({ type }: { type: string }) => {
        if (type === "handler-error") throw new Error("observer bug");
      };
      await report({ codec, handler, observer }, "a\n", 1);
      expect(written).toEqual([
        expect.stringMatching(/^spillway: the observer threw at handler-error: observer bug\n/),
      ]);
    });

    testOn(platform, "of a flood are five and a sum", async () => {
      const codec = lines({ maxFrameBytes: 4 });
      await report({ codec, handler: (line) => line, invalidFrame: "skip" }, "12345\n".repeat(2_005), 5);
      expect(written).toHaveLength(6);
      expect(written[5]).toContain("spillway: 2,000 more like this in ");
    });
  });
}

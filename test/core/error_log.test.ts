import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ErrorLog, escapeText, lines, SpillwayError, serve } from "../../src/core/mod.ts";
import { manualClock, memoryTransport } from "../../src/testing/mod.ts";
import { HOSTILE } from "./support/hostile.ts";
import { Peer } from "./support/peer.ts";

let written: string[] = [];
beforeEach(() => {
  written = [];
  vi.spyOn(console, "error").mockImplementation((...said: unknown[]) => {
    expect(said).toHaveLength(1);
    written.push(String(said[0]));
  });
});
afterEach(() => vi.restoreAllMocks());

const firstLines = () => written.map((text) => text.split("\n")[0]);

/** A server of which nothing is asked but its handler, and whoever connects. */
async function plainServer(options: Partial<Parameters<typeof serve<string, string>>[1]> = {}) {
  const transport = memoryTransport();
  const clock = manualClock();
  const server = await serve(transport, {
    port: 0,
    codec: lines({ maxFrameBytes: 8 }),
    clock,
    handler: (line): string => {
      throw new Error(`no ${line}`);
    },
    ...options,
  });
  const send = async (text: string) => {
    const peer = new Peer(await transport.connect(server.address), clock);
    await peer.send(text);
    await clock.advance(0);
    return peer.connection.localAddress.port;
  };
  const end = async () => {
    const drained = server.shutdown({ timeoutMs: 1 });
    await clock.advance(10_000);
    await drained;
    expect(clock.pending).toBe(0);
  };
  return { server, clock, send, end };
}

describe("a server without an observer", () => {
  it("says which connection's handler threw, and where", async () => {
    const harness = await plainServer();
    const port = await harness.send("a\n");
    expect(firstLines()).toEqual([
      `spillway: connection 1 from 127.0.0.1:${port}: the handler threw: no a [handler-failed]`,
    ]);
    expect(written[0]).toContain("error_log.test.ts");
    await harness.end();
  });

  it("says what a codec refused or threw, and that a decoder could not be made", async () => {
    const harness = await plainServer();
    await harness.send("123456789\n");
    expect(firstLines()).toEqual([
      expect.stringMatching(/^spillway: connection 1 from .*: a line of more than 8 bytes \[frame-too-large\]$/),
    ]);
    await harness.end();
    written = [];
    const other = await plainServer({
      codec: {
        ...lines(),
        decoder: () => {
          throw new Error("no decoder");
        },
      },
    });
    await other.send("a\n");
    expect(firstLines()).toEqual([expect.stringContaining("the codec threw: no decoder [codec-failed]")]);
    await other.end();
  });

  it("says that its observer threw, which is counted too", async () => {
    const harness = await plainServer({
      handler: (line) => line,
      observer: ({ type }) => {
        if (type === "connection-opened") throw new Error("observer bug");
      },
    });
    await harness.send("a\n");
    expect(firstLines()).toEqual(["spillway: the observer threw at connection-opened: observer bug"]);
    expect(harness.server.stats().observerErrors).toBe(1);
    await harness.end();
  });

  it("writes nothing when an observer is there", async () => {
    const harness = await plainServer({ observer: () => {} });
    await harness.send("a\n");
    await harness.send("123456789\n");
    await harness.end();
    expect(written).toEqual([]);
  });

  it("writes nothing of what is no error", async () => {
    const harness = await plainServer({ handler: (line) => line });
    await harness.send("a\n");
    await harness.end();
    expect(written).toEqual([]);
  });

  it("sums up a flood: five in full, the others counted when 10 s are over or the server ends", async () => {
    const harness = await plainServer({ invalidFrame: "skip", handler: (line) => line });
    await harness.send("too long a line\n".repeat(1_209));
    expect(written).toHaveLength(5);
    await harness.clock.advance(10_000);
    expect(written.slice(5)).toEqual([
      expect.stringMatching(
        /^spillway: 1,204 more like this in the last 10 s \[frame-too-large\]; the last of them: connection 1 from /,
      ),
    ]);
    await harness.send("too long a line\n".repeat(7));
    expect(written).toHaveLength(11);
    await harness.end();
    expect(written[11]).toContain("2 more like this in the last 1 s [frame-too-large]");
    expect(written).toHaveLength(12);
  });

  it("lets a flood of one kind hide nothing of another", async () => {
    const harness = await plainServer({ invalidFrame: "skip" });
    await harness.send("too long a line\n".repeat(100));
    await harness.send("a\n");
    expect(firstLines().filter((line) => line?.includes("[handler-failed]"))).toHaveLength(1);
    await harness.end();
  });

  it("writes what peers sent only escaped, indented and cut", async () => {
    const harness = await plainServer({ codec: lines({ encoding: "utf-8" }) });
    await harness.send(`\u001b[31m\r\u202Espillway: forged\u2028${"x".repeat(60_000)}\n`);
    expect(written.join("").length).toBeLessThan(20_000);
    expect(written[0]).toContain("no \\x1b[31m\\r\\u202espillway: forged\\u2028xxx");
    expect(written[0]).toMatch(/^[ -~…\n]*$/);
    expect(
      written[0]
        ?.split("\n")
        .slice(1)
        .every((line) => line.startsWith("    ")),
    ).toBe(true);
    await harness.end();
  });
});

describe("an error log", () => {
  const connection = { id: 3, remoteAddress: { hostname: "::1", port: 5 }, localAddress: { hostname: "::1", port: 6 } };

  it.each(HOSTILE)("writes whatever was thrown: %s", (_name, cause) => {
    const log = new ErrorLog(manualClock());
    log.observe({
      type: "handler-error",
      connection,
      error: new SpillwayError("handler-failed", "it threw", { cause }),
    });
    expect(firstLines()).toEqual(["spillway: connection 3 from [::1]:5: it threw [handler-failed]"]);
  });

  it("writes causes up to the fourth", () => {
    const ring = new Error("round");
    ring.cause = ring;
    new ErrorLog(manualClock()).report("kind", () => "it", ring);
    expect(written[0]?.match(/caused by: /g)).toHaveLength(4);
  });

  it("writes no stack while there is no descriptor free: Deno would panic", async () => {
    const clock = manualClock();
    const log = new ErrorLog(clock);
    const failed = new SpillwayError("handler-failed", "it threw", { cause: new Error("stacked") });
    log.observe({ type: "accept-error", error: new SpillwayError("out-of-descriptors", "no descriptor") });
    log.observe({ type: "handler-error", connection, error: failed });
    await clock.advance(10_000);
    log.observe({ type: "handler-error", connection, error: failed });
    expect(written.map((text) => text.split("\n").length > 1)).toEqual([false, false, true]);
  });

  it("throws nothing when nothing can be written", () => {
    vi.spyOn(console, "error").mockImplementation(() => {
      throw new Error("closed");
    });
    expect(() => new ErrorLog(manualClock()).report("kind", () => "it")).not.toThrow();
  });
});

describe("escaped text", () => {
  it.each([
    ["a b\tc", "a b\\tc"],
    ["\r\n\0\u007f\u0085", "\\r\\n\\x00\\x7f\\x85"],
    ["\u001b[1m", "\\x1b[1m"],
    ["\u200b\u202e\u2028\u2066\ufeff", "\\u200b\\u202e\\u2028\\u2066\\ufeff"],
    ["\ud800x", "\\ud800x"],
    ["\u{e0041}", "\\u{e0041}"],
    ["żółw 🐢 \\", "żółw 🐢 \\"],
  ])("shows %j without control characters", (text, escaped) => {
    expect(escapeText(text, 100)).toBe(escaped);
  });

  it("is cut, and says by how much", () => {
    expect(escapeText("12345678", 8)).toBe("12345678");
    expect(escapeText("123456789\n", 8)).toBe("12345678… (2 more)");
  });
});

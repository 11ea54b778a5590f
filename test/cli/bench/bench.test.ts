// `spillway bench` within this process.
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { parseCodecSpec } from "../../../src/cli/codec_spec.ts";
import { lines, serve } from "../../../src/mod.ts";
import { tls } from "../../../src/tls/mod.ts";
import { pair, pathOf } from "../../tls/support/certificates.ts";
import { HostileServer } from "../support/hostile_server.ts";
import { ranToEnd } from "../support/ran_to_end.ts";

interface Result {
  readonly seconds: number;
  readonly replies: number;
  readonly repliesPerSecond: number;
  readonly latencyMs: Readonly<Record<"count" | "p50" | "p90" | "p99" | "p99.9" | "max", number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly errorCount: number;
  readonly closedByPeer: number;
  readonly resent: number;
}

const SHORT = ["--duration", "200ms", "--warm-up", "50ms", "--timeout", "300ms", "--json"];

async function bench(target: string, flags: readonly string[], signals = new EventEmitter()) {
  const { code, err, out } = await ranToEnd(["bench", target, ...SHORT, ...flags], { cwd: "/", signals });
  if (out === "") throw new Error(err);
  expect(err).toBe("");
  return { code, result: JSON.parse(out) as Result };
}

const CODECS = ["lines", "lines:crlf", "delimited:0x1e", "fixed:16", "u8", "u32be", "varint", "netstring", "octet"];

function echo(codec = "lines") {
  return serve({ port: 0, codec: parseCodecSpec(codec).codec({}), handler: (frame) => frame, observer: () => {} });
}

describe("spillway bench", () => {
  it.each([...CODECS, "content-length"])("speaks every codec that has frames: %s", async (codec) => {
    await using server = await echo(codec);
    const { code, result } = await bench(`127.0.0.1:${server.address.port}`, ["--codec", codec, "-c", "3"]);
    expect({ code, errors: result.errors }).toEqual({ code: 0, errors: {} });
    expect(result.replies).toBeGreaterThan(10);
  });

  it("keeps as many frames in flight as it is told, and no more", async () => {
    let waiting: (() => void)[] = [];
    let most = 0;
    await using server = await serve({
      port: 0,
      codec: lines(),
      concurrency: 100,
      // All are answered when as many have come as may be in flight.
      handler: (line) =>
        new Promise<string>((resolve) => {
          waiting.push(() => resolve(line));
          most = Math.max(most, waiting.length);
          if (waiting.length < 14) return;
          for (const answer of waiting) answer();
          waiting = [];
        }),
    });
    const { code, result } = await bench(`127.0.0.1:${server.address.port}`, ["-c", "2", "--in-flight", "7"]);
    expect({ code, most }).toEqual({ code: 0, most: 14 });
    expect(result.replies).toBeGreaterThan(14);
  });

  it("sends the frame that it is told, and counts replies that are not as expected", async () => {
    await using server = await serve({ port: 0, codec: lines(), handler: (line) => line.toUpperCase() });
    const target = `127.0.0.1:${server.address.port}`;
    const right = await bench(target, ["-c", "2", "--frame", "grüße", "--expect", "GRÜSSE"]);
    expect(right).toMatchObject({ code: 0, result: { errors: {} } });
    expect(right.result.replies).toBeGreaterThan(0);
    const wrong = await bench(target, ["-c", "2", "--frame", "grüße", "--expect", "grüße"]);
    expect(wrong).toMatchObject({ code: 1, result: { replies: 0, latencyMs: { count: 0 } } });
    expect(wrong.result.errors).toEqual({ "wrong-reply": wrong.result.errorCount });
  });

  it("sends frames larger than a write", async () => {
    await using server = await serve({
      port: 0,
      codec: lines({ maxFrameBytes: 1_000_000, encoding: "bytes" }),
      handler: (line) => line,
    });
    const flags = ["-c", "2", "--in-flight", "3", "--frame-bytes", "300000", "--max-frame-bytes", "300000"];
    const { code, result } = await bench(`127.0.0.1:${server.address.port}`, flags);
    expect({ code, errors: result.errors }).toEqual({ code: 0, errors: {} });
    expect(result.replies).toBeGreaterThan(0);
  });

  it("does not measure the warm-up", async () => {
    await using server = await echo();
    const target = `127.0.0.1:${server.address.port}`;
    const { result } = await bench(target, ["-c", "1", "--rate", "200", "--warm-up", "500ms", "--duration", "500ms"]);
    // 200 frames were sent in all. On a busy machine some of the warm-up are sent late, but not half of them.
    expect(result.latencyMs.count).toBeGreaterThan(80);
    expect(result.latencyMs.count).toBeLessThan(150);
    expect(result.seconds).toBeLessThan(0.9);
  });

  it("speaks TLS where the target does", async () => {
    await using server = await serve({
      port: 0,
      codec: lines(),
      handler: (line) => line,
      establish: [tls(pair("server"))],
    });
    const { code, result } = await bench(`tls://127.0.0.1:${server.address.port}`, ["--tls-ca", pathOf("ca.pem")]);
    expect({ code, errors: result.errors }).toEqual({ code: 0, errors: {} });
    expect(result.replies).toBeGreaterThan(0);
  });
});

describe("an open loop", () => {
  it("sends at its rate", async () => {
    await using server = await echo();
    const { code, result } = await bench(`127.0.0.1:${server.address.port}`, ["--rate", "500", "--duration", "1s"]);
    expect(code).toBe(0);
    // Exact but for the frame at either end.
    expect(Math.abs(result.latencyMs.count - 500 * result.seconds)).toBeLessThan(3);
  });

  it("counts every frame that is answered, also those that are due when the time is over", async () => {
    let handled = 0;
    await using server = await serve({
      port: 0,
      codec: lines(),
      handler: (line) => {
        handled += 1;
        return line;
      },
    });
    // At this rate, some frames are due while the load ends.
    const flags = ["--rate", "50000", "--warm-up", "off", "--timeout", "10s"];
    const { result } = await bench(`127.0.0.1:${server.address.port}`, flags);
    expect({ answered: result.latencyMs.count, unanswered: result.errors["unanswered"] }).toEqual({
      answered: handled,
    });
  });

  it("sends on all connections in turn", async () => {
    const frames = new Map<number, number>();
    await using server = await serve({
      port: 0,
      codec: lines(),
      handler: (line, { session }) => {
        frames.set(session.connection.id, (frames.get(session.connection.id) ?? 0) + 1);
        return line;
      },
    });
    await bench(`127.0.0.1:${server.address.port}`, ["-c", "5", "--rate", "1000"]);
    const counts = [...frames.values()];
    expect(counts).toHaveLength(5);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  // Coordinated omission: a closed loop sends one frame into the pause, and sees one long time.
  it("counts times from the planned instants, so that a pause of the server shows in all that it has held up", async () => {
    await using server = new HostileServer((socket) => {
      let held: Buffer[] | undefined = [];
      socket.on("data", (chunk: Buffer) => {
        if (held === undefined) return void socket.write(chunk);
        held.push(chunk);
        if (held.length > 1) return;
        setTimeout(() => {
          socket.write(Buffer.concat(held ?? []));
          held = undefined;
        }, 400);
      });
      socket.on("end", () => socket.end());
    });
    const target = await server.target();
    const load = ["-c", "1", "--warm-up", "0s", "--duration", "600ms", "--timeout", "5s"];
    for (const inFlight of ["1", "1000"]) {
      const { result } = await bench(target, [...load, "--rate", "500", "--in-flight", inFlight]);
      // Two thirds of the frames were due in the pause, for 200 ms on average.
      expect(result.latencyMs.p50).toBeGreaterThan(50);
      expect(result.latencyMs.p90).toBeGreaterThan(250);
    }
    const closed = await bench(target, load);
    expect(closed.result.latencyMs.max).toBeGreaterThan(350);
    expect(closed.result.latencyMs.p90).toBeLessThan(100);
  });

  it("says how many frames found no room", async () => {
    await using server = new HostileServer((socket) => void socket.resume());
    const { code, result } = await bench(await server.target(), ["-c", "2", "--rate", "1000", "--in-flight", "5"]);
    expect(code).toBe(1);
    expect(result.errors["unanswered"]).toBe(10);
    expect(result.errors["not-sent"]).toBeGreaterThan(150);
  });
});

describe("a bench with short connections", () => {
  it("closes each after its frames, and opens another", async () => {
    await using server = await echo();
    const { result, code } = await bench(`127.0.0.1:${server.address.port}`, [
      "-c",
      "2",
      "--in-flight",
      "2",
      "--frames-per-connection",
      "3",
      "--warm-up",
      "off",
    ]);
    expect({ code, errors: result.errors, closedByPeer: result.closedByPeer }).toEqual({
      code: 0,
      errors: {},
      closedByPeer: 0,
    });
    const { accepted, framesIn } = server.stats();
    expect(accepted).toBeGreaterThan(4);
    expect(framesIn / accepted).toBeGreaterThan(2);
    expect(framesIn).toBeLessThanOrEqual(3 * accepted);
  });
});

describe("a bench of a hostile server", () => {
  const peers: Readonly<Record<string, (socket: Socket) => void>> = {
    never: (socket) => void socket.resume(),
    deaf: (socket) => void socket.pause(),
    reset: (socket) => void socket.on("data", () => socket.resetAndDestroy()),
    ends: (socket) => void socket.once("data", () => socket.end()),
    cut: (socket) => void socket.once("data", () => socket.end("half")),
    garbage: (socket) => void socket.once("data", () => socket.write("x".repeat(100_000))),
    twice: (socket) => void socket.on("data", (chunk: Buffer) => socket.write(Buffer.concat([chunk, chunk]))),
  };

  it.each([
    ["never", ["unanswered"]],
    ["deaf", ["unanswered"]],
    ["reset", ["connection-reset", "unanswered"]],
    ["cut", ["unanswered", "unexpected-eof"]],
    ["garbage", ["frame-too-large", "unanswered"]],
    ["ends", ["remote-closed", "unanswered"]],
  ])("ends in time, and names what went wrong: %s", async (peer, kinds) => {
    await using server = new HostileServer(peers[peer] as (socket: Socket) => void);
    const { code, result } = await bench(await server.target(), ["-c", "2", "--duration", "600ms"]);
    expect(code).toBe(1);
    expect(kinds).toEqual(expect.arrayContaining(Object.keys(result.errors)));
    expect(Object.keys(result.errors)).toContain(kinds[0]);
    // Lost connections are replaced.
    expect(server.connections > 2).toBe(peer !== "never" && peer !== "deaf");
  });

  it("sends again what a server has not answered that closes in order", async () => {
    let handled = 0;
    await using server = new HostileServer((socket) => {
      // Of the frames that come at once it answers all but the last, and takes no more.
      socket.once("data", (chunk: Buffer) => {
        const answered = Math.max(1, String(chunk).split("\n").length - 2);
        handled += answered;
        socket.end("a\n".repeat(answered));
      });
    });
    const load = ["-c", "2", "--in-flight", "3", "--duration", "300ms", "--warm-up", "off"];
    const { code, result } = await bench(await server.target(), load);
    expect(result.errors).toEqual({});
    expect(code).toBe(0);
    expect(result.closedByPeer).toBeGreaterThan(2);
    expect(result.resent).toBeGreaterThan(2);
    expect(result.latencyMs.count).toBeLessThanOrEqual(handled);
  });

  it("counts frames that answer nothing", async () => {
    await using server = new HostileServer(peers["twice"] as (socket: Socket) => void);
    const { code, result } = await bench(await server.target(), ["-c", "1"]);
    expect(code).toBe(1);
    expect(result.errors["unexpected-frame"]).toBeGreaterThan(0);
  });

  it("fails at once where nobody listens", async () => {
    const server = await echo();
    const { port } = server.address;
    await server.shutdown();
    const { code, err, out } = await ranToEnd(["bench", `127.0.0.1:${port}`], { cwd: "/" });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(`cannot connect to 127.0.0.1:${port}: `);
  });
});

describe("a bench that is interrupted", () => {
  it("ends early, and gives the result so far", async () => {
    const signals = new EventEmitter();
    let frames = 0;
    await using server = await serve({
      port: 0,
      codec: lines(),
      handler: (line) => {
        frames += 1;
        if (frames === 200) signals.emit("SIGINT", "SIGINT");
        return line;
      },
    });
    const target = `127.0.0.1:${server.address.port}`;
    const { code, result } = await bench(target, ["--warm-up", "0s", "--duration", "1h"], signals);
    expect({ code, errors: result.errors }).toEqual({ code: 0, errors: {} });
    expect(result.replies).toBeGreaterThan(0);
    expect(result.seconds).toBeLessThan(60);
  });

  it("does not wait for the last replies at the second signal", async () => {
    const signals = new EventEmitter();
    await using server = new HostileServer((socket) => {
      socket.once("data", () => {
        signals.emit("SIGINT", "SIGINT");
        setImmediate(() => signals.emit("SIGINT", "SIGINT"));
      });
    });
    const flags = ["-c", "1", "--warm-up", "0s", "--duration", "1h", "--timeout", "1h"];
    const { code, result } = await bench(await server.target(), flags, signals);
    expect({ code, errors: result.errors }).toEqual({ code: 1, errors: { unanswered: 1 } });
  });
});

describe("a bench refuses", () => {
  it.each([
    [["bench"], "missing required argument 'target'"],
    [["bench", "nowhere"], "target 'nowhere': write host:port"],
    [["bench", "x:1", "--codec", "bytes"], "option '--codec' cannot be 'bytes': a bench needs frames"],
    [
      ["bench", "x:1", "--frame", "x", "--frame-bytes", "1"],
      "options '--frame' and '--frame-bytes' do not go together",
    ],
    [["bench", "x:1", "--codec", "fixed:2", "--max-frame-bytes", "2"], "does not apply to --codec fixed:2"],
    [["bench", "x:1", "--codec", "fixed:2", "--frame", "abc"], "the frame is none of --codec fixed:2: "],
    [["bench", "x:1", "--frame", "a\nb"], "the frame is none of --codec lines: a line cannot contain"],
    [["bench", "x:1", "-c", "2", "--processes", "3"], "3 processes cannot share 2 connections: raise --connections"],
    [["bench", "x:1", "-c", "0"], "option '--connections' cannot be '0': write a whole number of at least 1"],
    [["bench", "x:1", "-c", "100000", "--in-flight", "100000"], "--connections times --in-flight may be at most"],
    [
      ["bench", "x:1", "--rate", "off"],
      "option '--rate' cannot be 'off': write a number above 0, such as 5000; without this option",
    ],
    [["bench", "x:1", "--rate", "-1"], "option '--rate' cannot be '-1': write a number above 0"],
    [
      ["bench", "x:1", "--duration", "off"],
      "option '--duration' cannot be 'off': write a duration such as 10s or 5m, at most 24h",
    ],
    [["bench", "x:1", "--duratoin", "1s"], "unknown option '--duratoin' (did you mean --duration?)"],
    [["bench", "x:1", "--tls-ca", "ca.pem"], "option '--tls-ca' is for TLS"],
  ])("a wrong call, with what to do: %j", async (args, message) => {
    const { code, err, out } = await ranToEnd(args, { cwd: "/" });
    expect(err).toContain(message);
    expect({ code, out, lines: err.split("\n").length }).toEqual({ code: 2, out: "", lines: 2 });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ConnectionInfo, lines, type ServerEvent, SpillwayError } from "../../../src/core/mod.ts";
import { type AccessLogOptions, accessLog } from "../../../src/observers/access_log/mod.ts";
import { manualClock } from "../../../src/testing/mod.ts";
import { served } from "../../core/support/served.ts";

const connection: ConnectionInfo = {
  id: 7,
  remoteAddress: { hostname: "::1", port: 5_000 },
  localAddress: { hostname: "::1", port: 8_080 },
};
const COUNTS = { bytesIn: 1, bytesOut: 2, framesIn: 3, framesOut: 4, framesDropped: 5 };

function closed(given: Partial<Extract<ServerEvent, { type: "connection-closed" }>> = {}): ServerEvent {
  return { type: "connection-closed", connection, reason: "remote-closed", durationMs: 5.432_1, ...COUNTS, ...given };
}

function failed(code: string, who: ConnectionInfo = connection): ServerEvent {
  const error = new SpillwayError<string>(code, "no");
  return { type: "establish-failed", connection: who, error, durationMs: 2 };
}

/** Returns the lines that are written of events. */
function written(format: AccessLogOptions["format"], ...events: ServerEvent[]): string {
  let text = "";
  const write: AccessLogOptions["write"] = (more, done) => {
    text += more;
    done();
  };
  const log = accessLog({ write, ...(format !== undefined && { format }) });
  for (const event of events) log(event);
  return text;
}

function fieldsOf(event: ServerEvent): Record<string, unknown> {
  return JSON.parse(written("json", event)) as Record<string, unknown>;
}

const certified: ConnectionInfo = {
  ...connection,
  tls: {
    protocol: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    alpn: "h2",
    serverName: "echo.example",
    authorized: false,
    resumed: false,
  },
};
const proxied: ConnectionInfo = {
  ...connection,
  proxy: {
    version: 2,
    command: "proxy",
    transport: "tcp",
    from: { hostname: "10.0.0.9", port: 4_000 },
    alpn: "x/1",
    authority: "front.example",
    tls: { version: "TLSv1.2", verified: false, clientCertificate: "none", others: [] },
    others: [],
  },
};

describe("a line of the access log", () => {
  it("says when, who, why, for how long and how much", () => {
    const { time, ...fields } = fieldsOf(closed());
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(fields).toEqual({
      id: 7,
      remote: "[::1]:5000",
      local: "[::1]:8080",
      established: true,
      reason: "remote-closed",
      durationMs: 5.432,
      framesIn: 3,
      framesOut: 4,
      framesDropped: 5,
      bytesIn: 1,
      bytesOut: 2,
    });
  });

  it.each<[string, ServerEvent, Record<string, unknown>]>([
    [
      "the code of the error",
      closed({ reason: "frame-too-large", error: new SpillwayError("frame-too-large", "secret") }),
      { reason: "frame-too-large", error: "frame-too-large" },
    ],
    [
      "bytes that were discarded, and an end without FIN",
      closed({ reason: "drained", bytesDiscarded: 9, unconfirmed: true }),
      { bytesDiscarded: 9, unconfirmed: true },
    ],
    [
      "TLS, ALPN and the server name",
      closed({ connection: certified }),
      { tls: "TLSv1.3", alpn: "h2", serverName: "echo.example" },
    ],
    [
      "the proxy, and the TLS that it has ended",
      closed({ connection: proxied }),
      { remote: "[::1]:5000", proxy: "10.0.0.9:4000", tls: "TLSv1.2", alpn: "x/1", serverName: "front.example" },
    ],
    [
      "a connection that was not established",
      failed("address-denied", proxied),
      {
        established: false,
        reason: "address-denied",
        error: "address-denied",
        proxy: "10.0.0.9:4000",
        durationMs: 2,
        bytesIn: 0,
        framesOut: 0,
      },
    ],
  ])("says of an end %s", (_, event, expected) => {
    expect(fieldsOf(event)).toMatchObject(expected);
  });

  it("is written for ends only, and never quotes a message", () => {
    const error = new SpillwayError("frame-invalid", "secret bytes of a peer");
    const events: ServerEvent[] = [
      { type: "connection-opened", connection },
      { type: "frame-error", connection, error, skipped: true },
      closed({ error }),
      { type: "drained", drained: 1, aborted: 0 },
    ];
    const text = written(undefined, ...events);
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text).not.toContain("secret");
  });

  it("of logfmt has the same fields, and quotes where it must", () => {
    const who = { ...certified, remoteAddress: { path: '/run/a "b"=c\\d' }, localAddress: { path: "" } };
    const text = written("logfmt", closed({ connection: who, durationMs: 1 }));
    expect(text.replace(/^time=\S+ /, "")).toBe(
      String.raw`id=7 remote="unix:/run/a \"b\"=c\\d" local=unix: tls=TLSv1.3 alpn=h2 serverName=echo.example established=true reason=remote-closed durationMs=1 framesIn=3 framesOut=4 framesDropped=5 bytesIn=1 bytesOut=2` +
        "\n",
    );
  });

  /** Takes a line of logfmt apart, as the parsers of Go do. */
  function parsed(line: string): Record<string, string> {
    const fields: Record<string, string> = {};
    let rest = line;
    while (rest !== "") {
      const [all = "", name = "", quoted, plain = ""] =
        /^([a-zA-Z]+)=(?:("(?:[^"\\]|\\.)*")|([^ "=]*))(?: |$)/.exec(rest) ?? [];
      expect(all, rest).not.toBe("");
      fields[name] = quoted === undefined ? plain : (JSON.parse(quoted) as string);
      rest = rest.slice(all.length);
    }
    return fields;
  }

  it("holds whatever a peer has chosen, in both formats alike: one line, no control character, and bounded", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom(
        "",
        " ",
        "a b",
        'a"',
        "=",
        "\n",
        "\u001b[31m",
        "\u202e",
        "\u2028",
        "\\",
        '\\"',
        "\ud800",
        "x".repeat(9_999),
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, (serverName, alpn, code) => {
        const tls = { ...(certified.tls as NonNullable<ConnectionInfo["tls"]>), serverName, alpn };
        const event = failed(code, { ...connection, tls });
        const json = written("json", event);
        const flat = written("logfmt", event);
        for (const line of [json, flat]) {
          expect(line.endsWith("\n")).toBe(true);
          expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(line.length).toBeLessThan(12_000);
        }
        const { time: _one, ...fromJson } = JSON.parse(json) as Record<string, unknown>;
        const { time: _other, ...fromFlat } = parsed(flat.slice(0, -1));
        const texts = Object.entries(fromJson).map(([name, value]) => [name, String(value)]);
        expect(fromFlat).toEqual(Object.fromEntries(texts));
      }),
    );
  });
});

describe("an access log", () => {
  /** A log whose destination is in the hands of the test. */
  function slow() {
    const clock = manualClock();
    const texts: string[] = [];
    const lost: number[] = [];
    let taken: (error?: unknown) => void = () => undefined;
    const log = accessLog({
      write: (text, done) => {
        texts.push(text);
        taken = done;
      },
      onDropped: (count) => lost.push(count),
      clock,
    });
    return { clock, texts, lost, log, take: (error?: unknown) => taken(error) };
  }
  const linesOf = (text: string | undefined) => (text?.match(/\n/g) ?? []).length;

  it("keeps about a megabyte for a destination that takes nothing; it says at once, and then every 10 s, how many lines are lost", async () => {
    const { clock, log, lost, take, texts } = slow();
    const many = 20_000;
    for (let count = 0; count < many; count += 1) log(closed());
    expect(lost).toEqual([1]);
    expect(texts).toHaveLength(1);
    await clock.advance(10_000);
    expect(lost).toHaveLength(2);
    const kept = log.unwritten;
    expect(kept + (lost[0] ?? 0) + (lost[1] ?? 0)).toBe(many);
    log(closed());
    expect(lost).toHaveLength(2);
    await clock.advance(10_000);
    expect(lost.slice(2)).toEqual([1]);
    await clock.advance(60_000);
    expect(lost).toHaveLength(3);
    take();
    expect(linesOf(texts[0]) + linesOf(texts[1])).toBe(kept);
    expect(texts.join("").length).toBeLessThan(2 ** 20 + 1_000);
    const flushed = log.flushed();
    take();
    await flushed;
    expect(log.unwritten).toBe(0);
  });

  it("says what is lost before the end of the server is", () => {
    const { log, lost } = slow();
    for (let count = 0; count < 20_000; count += 1) log(closed());
    log({ type: "drained", drained: 0, aborted: 0 });
    expect(lost.reduce((sum, count) => sum + count, 0) + log.unwritten).toBe(20_000);
  });

  it("counts lines that the destination failed to take, and goes on", () => {
    const { log, lost, take, texts } = slow();
    for (let count = 0; count < 3; count += 1) log(closed());
    take();
    take(new Error("disk full"));
    expect(lost).toEqual([2]);
    log(closed());
    expect(texts).toHaveLength(3);
    take();
    // A second call for the same text is ignored.
    take(new Error("again"));
    expect([lost, log.unwritten]).toEqual([[2], 0]);
  });

  it("survives a destination, and a report, that throw", () => {
    let calls = 0;
    const log = accessLog({
      write: () => {
        calls += 1;
        throw new Error("no");
      },
      onDropped: () => {
        throw new Error("no");
      },
    });
    for (let count = 0; count < 3; count += 1) log(closed());
    log({ type: "drained", drained: 0, aborted: 0 });
    expect([calls, log.unwritten]).toEqual([3, 0]);
  });

  it("agrees with a real server: a line for each connection that ended", async () => {
    let text = "";
    const write: AccessLogOptions["write"] = (more, done) => {
      text += more;
      done();
    };
    const harness = await served({
      codec: lines({ maxFrameBytes: 8 }),
      handler: (line: string) => line,
      observer: [accessLog({ write })],
    });
    const good = await harness.connect();
    const bad = await harness.connect();
    await good.send("one\ntwo\n");
    await bad.send("too long a line\n");
    await good.finish();
    await harness.settle();
    const records = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toHaveLength(2);
    expect(records).toContainEqual(
      expect.objectContaining({ id: 1, reason: "remote-closed", framesIn: 2, framesOut: 2, bytesIn: 8, bytesOut: 8 }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({ id: 2, reason: "frame-too-large", error: "frame-too-large" }),
    );
  });

  it.each<[unknown, string]>([
    [undefined, "options must be an object, not undefined"],
    [{}, "write must be a function, not undefined"],
    [{ write() {}, format: "xml" }, 'format must be one of json, logfmt, not "xml"'],
    [{ write() {}, onDropped: 1 }, "onDropped must be a function, not number"],
    [{ write() {}, formt: "json" }, "unknown option formt; did you mean format?"],
  ])("is not made of %j", (options, message) => {
    expect(() => accessLog(options as AccessLogOptions)).toThrow(new TypeError(message));
  });
});

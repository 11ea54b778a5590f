import { describe, expect, it } from "vitest";
import { type Connection, type EstablishContext, SpillwayError } from "../../src/core/mod.ts";
import { type ProxyProtocolOptions, proxyHeader, proxyProtocol } from "../../src/proxy_protocol/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { ascii, joined, tlv, v2 } from "./support/header_bytes.ts";
import { INVALID, VALID } from "./support/header_table.ts";
import { type Ends, finish, nearAndFar, receive, send, unixEnds } from "./support/near_and_far.ts";

const context = (signal = new AbortController().signal): EstablishContext => ({ id: 1, signal });
const step = (options: Partial<ProxyProtocolOptions> = {}) => proxyProtocol({ from: "127.0.0.1", ...options });

/** Takes a connection through the step, while its peer sends pieces, one after the other. */
async function established(pieces: readonly Uint8Array[], options?: Partial<ProxyProtocolOptions>): Promise<Ends> {
  const { near, far } = await nearAndFar();
  const clock = manualClock();
  const passed = Promise.resolve(step(options)(far, context()));
  passed.catch(() => undefined);
  for (const piece of pieces) {
    await send(near, piece);
    await clock.advance(0);
  }
  return { near, far: await passed };
}

const HELLO = ascii("hello");

describe("a connection from a named address", () => {
  it.each(VALID)("is known by its header: $name", async ({ bytes, header }) => {
    const { source, destination, ...facts } = header;
    const { near, far } = await established([bytes]);
    expect(far.remoteAddress).toEqual(source ?? near.localAddress);
    expect(far.localAddress).toEqual(destination ?? near.remoteAddress);
    expect(far.proxy).toEqual({ ...facts, from: near.localAddress });
  });

  it("may send the header in two pieces, cut anywhere, and the first bytes behind it", async () => {
    for (const header of [
      ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
      proxyHeader({ source: { hostname: "192.0.2.1", port: 1 }, destination: { hostname: "192.0.2.2", port: 2 } }),
    ]) {
      const bytes = joined(header, HELLO);
      for (let cut = 1; cut <= bytes.length; cut++) {
        const { far } = await established(
          [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0),
        );
        expect(far.remoteAddress).toEqual({ hostname: "192.0.2.1", port: 1 });
        expect(await receive(far, 5)).toEqual(HELLO);
      }
    }
  });

  it("may send every byte alone", async () => {
    const bytes = joined(v2(0x21, 0x00, tlv(0x02, ascii("a.example"))), HELLO);
    const { near, far } = await established(Array.from(bytes, (byte) => Uint8Array.of(byte)));
    expect(far.proxy?.authority).toBe("a.example");
    await finish(near);
    expect(await receive(far, 6)).toEqual(HELLO);
  });

  it("is refused without a header, as soon as that is sure", async () => {
    for (const { bytes, after = bytes.length, because } of INVALID) {
      const refused = established([bytes.subarray(0, after)]);
      await expect(refused).rejects.toMatchObject({ code: "proxy-invalid", message: expect.stringContaining("PROXY") });
      await expect(established([bytes])).rejects.toThrow(because);
    }
  });

  it("is refused at its end, if that comes within the header", async () => {
    for (const sent of ["", "PROXY TCP4 192.0.2.1"]) {
      const { near, far } = await nearAndFar();
      const passed = step()(far, context());
      if (sent !== "") await send(near, ascii(sent));
      await finish(near);
      await expect(passed).rejects.toMatchObject({ code: "unexpected-eof" });
    }
  });

  it("is refused if the header does not come in time, whatever comes meanwhile", async () => {
    const clock = manualClock();
    const { near, far } = await nearAndFar();
    const passed = Promise.resolve(step({ clock, headerTimeoutMs: 3_000 })(far, context()));
    let reason: unknown;
    passed.catch((error: unknown) => {
      reason = error;
    });
    await clock.advance(2_900);
    await send(near, ascii("PROXY TCP4 "));
    await clock.advance(99);
    expect(reason).toBeUndefined();
    await clock.advance(1);
    expect(reason).toMatchObject({ code: "proxy-timeout", message: "no PROXY header within 3000 ms" });
    expect(clock.pending).toBe(0);
  });

  it("is served after a pause of the process, when its header is read behind the timer", async () => {
    const clock = manualClock();
    const { near, far } = await nearAndFar();
    const passed = step({ clock })(far, context());
    clock.setTimeout(() => void send(near, v2(0x20, 0)), 5_000);
    await clock.advance(5_000);
    expect((await passed).proxy?.command).toBe("local");
    expect(clock.pending).toBe(0);
  });

  it("leaves no listener behind", async () => {
    const { near, far } = await nearAndFar();
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_type: string, listener: unknown) => void listeners.delete(listener);
    const passed = step()(far, context(signal));
    expect(listeners.size).toBe(1);
    await send(near, v2(0x20, 0));
    await passed;
    expect(listeners.size).toBe(0);
  });

  it("has five seconds by default, and the whole stage with Infinity", async () => {
    for (const [options, delay] of [
      [{}, 5_000],
      [{ headerTimeoutMs: Infinity }, Infinity],
    ] as const) {
      const clock = manualClock();
      const { near, far } = await nearAndFar();
      const passed = step({ clock, ...options })(far, context());
      expect(clock.next).toBe(delay);
      await send(near, v2(0x20, 0));
      await passed;
      expect(clock.pending).toBe(0);
    }
  });

  it("is given up when the stage is over", async () => {
    for (const early of [true, false]) {
      const clock = manualClock();
      const controller = new AbortController();
      const reason = new SpillwayError("drained", "over");
      const { far } = await nearAndFar();
      if (early) controller.abort(reason);
      const passed = step({ clock })(far, context(controller.signal));
      controller.abort(reason);
      await expect(passed).rejects.toBe(reason);
      expect(clock.pending).toBe(0);
    }
  });

  it("must send a version that is accepted", async () => {
    await expect(established([ascii("PROXY UNKNOWN\r\n")], { versions: [2] })).rejects.toThrow("expected version 2");
    const { far } = await established([v2(0x20, 0)], { versions: [2] });
    expect(far.proxy?.command).toBe("local");
  });

  it("may send no more than maxHeaderBytes", async () => {
    const header = proxyHeader({ others: [{ type: 0xe0, value: new Uint8Array(400) }] });
    await expect(established([header], { maxHeaderBytes: 418 })).rejects.toThrow(
      "419 bytes are more than maxHeaderBytes",
    );
    expect((await established([header], { maxHeaderBytes: 419 })).far.proxy?.others[0]?.value.length).toBe(400);
  });

  it("may send no more than a step can read, whatever maxHeaderBytes is", async () => {
    const begun = (length: number) => joined(v2(0x21, 0).subarray(0, 14), (length - 16) >> 8, (length - 16) & 0xff);
    const unlimited = { maxHeaderBytes: Infinity };
    await expect(established([begun(65_537)], unlimited)).rejects.toThrow(
      "65537 bytes are more than maxHeaderBytes (65536)",
    );
    const { near, far } = await nearAndFar();
    const passed = step(unlimited)(far, context());
    await send(near, begun(65_536));
    await finish(near);
    await expect(passed).rejects.toMatchObject({ code: "unexpected-eof" });
  });

  it("is named in IPv6, too, where it is IPv4", async () => {
    const { far } = await established([v2(0x20, 0)], { from: ["2001:db8::/32", "::ffff:127.0.0.0/104"] });
    expect(far.proxy?.command).toBe("local");
  });
});

describe("a connection through a Unix domain socket", () => {
  it("is known by its header if such are named", async () => {
    const { near, far } = unixEnds();
    const passed = step({ from: ["10.0.0.0/8", "unix"] })(far, context());
    await send(near, joined(ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), HELLO));
    const connection = await passed;
    expect(connection.remoteAddress).toEqual({ hostname: "192.0.2.1", port: 1 });
    expect(connection.proxy?.from).toEqual({ path: "" });
    expect(await receive(connection, 5)).toEqual(HELLO);
  });

  it("passes as it is if they are not", () => {
    const { far } = unixEnds();
    expect(step({ from: ["0.0.0.0/0", "::/0"] })(far, context())).toBe(far);
  });
});

describe("a connection from another address", () => {
  it("passes at once, with the bytes that it has sent", async () => {
    const { near, far } = await nearAndFar();
    const header = ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
    await send(near, header);
    expect(step({ from: ["127.0.0.2", "::1", "unix"] })(far, context())).toBe(far);
    expect(far.remoteAddress).toEqual(near.localAddress);
    expect(far.proxy).toBeUndefined();
    expect(await receive(far, header.length)).toEqual(header);
  });

  it("that is unknown is refused, as it may be named", () => {
    const far = { remoteAddress: { hostname: "", port: 0 } } as Connection;
    expect(() => step()(far, context())).toThrow(expect.objectContaining({ code: "connection-reset" }));
  });
});

describe("proxyProtocol", () => {
  it.each([
    [{}, TypeError, `from must be an address, a range, "unix", or an array of these`],
    [{ from: [] }, RangeError, "from must name at least one address"],
    [{ from: "localhost" }, RangeError, `not "localhost"`],
    [{ from: "::1", form: "" }, TypeError, "unknown option form; did you mean from?"],
    [{ from: "::1", headerTimeoutMs: 0 }, RangeError, "headerTimeoutMs must be more than 0"],
    [{ from: "::1", headerTimeoutMs: 2 ** 31 }, RangeError, "at most 2147483647 ms"],
    [{ from: "::1", headerTimeoutMs: "5s" }, TypeError, "headerTimeoutMs must be a number"],
    [{ from: "::1", maxHeaderBytes: 1 }, RangeError, "maxHeaderBytes must be a whole number of at least 232"],
    [{ from: "::1", versions: [0] }, RangeError, "versions must be"],
  ])("refuses the options %j", (options, kind, message) => {
    const make = () => proxyProtocol(options as ProxyProtocolOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});

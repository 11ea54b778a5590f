import { describe, expect, it, vi } from "vitest";
import { type Connection, type Driver, DriverConnection, SpillwayError } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { bounded } from "../support/bounded.ts";
import { ScriptedDriver } from "./scripted_driver.ts";

const encoder = new TextEncoder();

/** Two connected ends. */
async function pair(maxLinkBytes = 65_536): Promise<[Connection, Connection]> {
  const transport = memoryTransport({ maxLinkBytes });
  const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 1 });
  const near = await transport.connect(listener.address);
  const { value } = await listener[Symbol.asyncIterator]().next();
  listener.close();
  return [near, value as Connection];
}

async function textOf({ readable }: Connection): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const step = bounded();
  for await (const chunk of readable) if (step()) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Returns the state of a promise, kept up to date. */
function fate(promise: Promise<unknown>): { readonly now: string } {
  const seen = { now: "pending" };
  promise.then(
    () => {
      seen.now = "fulfilled";
    },
    (error: { code?: string; name: string }) => {
      seen.now = error.code ?? error.name;
    },
  );
  return seen;
}

const nobody = { onClosed: () => {}, onDropped: () => {}, onTaken: () => {} };
const ignore = () => {};

describe("own", () => {
  it("locks both streams, and makes neither", () => {
    const { connection } = new ScriptedDriver();
    connection.own(nobody);
    expect([connection.readable.locked, connection.writable.locked]).toEqual([true, true]);
  });

  it("is for one owner", () => {
    const { connection } = new ScriptedDriver();
    connection.own(nobody);
    expect(() => connection.own(nobody)).toThrow(TypeError);
  });

  it("is refused while a stream is locked", () => {
    const { connection } = new ScriptedDriver();
    const reader = connection.readable.getReader();
    expect(() => connection.own(nobody)).toThrow(TypeError);
    reader.releaseLock();
    expect(() => connection.own(nobody)).not.toThrow();
  });

  it("gives what a native stream has queued before it gives what comes later", async () => {
    const driver = new ScriptedDriver();
    const first = driver.connection.readable.getReader();
    driver.push(1);
    await tickEnd();
    first.releaseLock();
    const { reader } = driver.connection.own(nobody);
    const read: number[] = [];
    const readAll = () => reader.read().then(({ value }) => void read.push(...(value ?? [])), ignore);
    readAll();
    await tickEnd();
    driver.push(2);
    readAll();
    await tickEnd();
    expect(read).toEqual([1, 2]);
  });

  it("tells of the end, as `closed` does", async () => {
    const { connection } = new ScriptedDriver();
    const ends: unknown[] = [];
    connection.own({ ...nobody, onClosed: (error) => ends.push(error) });
    connection.abort();
    await tickEnd();
    expect(ends).toEqual([await connection.closed]);
  });
});

describe("an owner's read", () => {
  it("calls back within the call that brings a chunk, and then asks for no more than what is read", () => {
    const driver = new ScriptedDriver();
    const { reader } = driver.connection.own(nobody);
    const read: unknown[] = [];
    reader.read().then(({ value }) => read.push(value), ignore);
    expect(driver.pulls).toBe(1);
    expect([driver.push(1), read]).toEqual([false, [new Uint8Array([1])]]);
  });

  it("within that call asks for the next chunk without another pull", () => {
    const driver = new ScriptedDriver();
    const { reader } = driver.connection.own(nobody);
    const read: unknown[] = [];
    const readOn = () =>
      reader.read().then(({ value }) => {
        read.push(value);
        readOn();
      }, ignore);
    readOn();
    expect([driver.push(1), driver.push(2), driver.pulls]).toEqual([true, true, 1]);
    expect(read).toEqual([new Uint8Array([1]), new Uint8Array([2])]);
  });

  it("calls back at once with a chunk that came unasked", () => {
    const driver = new ScriptedDriver();
    const { reader } = driver.connection.own(nobody);
    driver.push(1);
    driver.push(2);
    const read: unknown[] = [];
    for (let count = 0; count < 2; count++) reader.read().then(({ value }) => read.push(value), ignore);
    expect(read).toEqual([new Uint8Array([1]), new Uint8Array([2])]);
  });

  it("fails with what broke the connection, and ends with FIN", () => {
    const [broken, ended] = [new ScriptedDriver(), new ScriptedDriver()];
    const results: unknown[] = [];
    for (const { connection } of [broken, ended]) {
      const { reader } = connection.own(nobody);
      const note = () =>
        reader.read().then(
          (result) => void results.push(result.done),
          (error) => void results.push((error as SpillwayError).code),
        );
      note();
      if (connection === broken.connection) connection.abort();
      else connection.end();
      note();
    }
    expect(results).toEqual(["aborted", "aborted", true, true]);
  });
});

describe("an owner's write", () => {
  it("calls back at once when the kernel took all, and otherwise when it has", () => {
    const driver = new ScriptedDriver();
    const { writer } = driver.connection.own(nobody);
    const done: number[] = [];
    const write = (number: number) => writer.write(new Uint8Array(1)).then(() => done.push(number), ignore);
    driver.takes = true;
    write(1);
    driver.takes = false;
    write(2);
    expect(done).toEqual([1]);
    driver.takeWrite();
    expect(done).toEqual([1, 2]);
  });

  it("fails with what broke the connection, then and from then on", () => {
    const driver = new ScriptedDriver();
    const { writer } = driver.connection.own(nobody);
    const codes: unknown[] = [];
    const write = () =>
      writer.write(new Uint8Array(1)).then(ignore, (error) => codes.push((error as SpillwayError).code));
    write();
    driver.connection.abort();
    write();
    expect(codes).toEqual(["aborted", "aborted"]);
    expect(driver.calls).toEqual(["write 1", "reset"]);
  });

  it("sends FIN behind what was written, and releases when the input has ended too", () => {
    const driver = new ScriptedDriver();
    const { writer } = driver.connection.own(nobody);
    const done: string[] = [];
    writer.close().then(() => done.push("FIN"), ignore);
    expect([done, driver.calls]).toEqual([["FIN"], ["finish"]]);
    driver.connection.end();
    expect(driver.calls).toEqual(["finish", "release"]);
  });

  it("is offered again while it is under way, and at no other time", () => {
    const driver = new ScriptedDriver();
    let retries = 0;
    const { connection } = Object.assign(driver, { retry: () => void (retries += 1) });
    const { writer } = connection.own(nobody);
    writer.offerAgain?.();
    writer.write(new Uint8Array(8)).then(ignore, ignore);
    writer.offerAgain?.();
    expect(retries).toBe(1);
    driver.takeWrite();
    writer.offerAgain?.();
    writer.write(new Uint8Array(8)).then(ignore, ignore);
    connection.abort();
    writer.offerAgain?.();
    expect(retries).toBe(1);
  });

  it("is not offered again where a runtime does not try again", () => {
    const { writer } = new ScriptedDriver().connection.own(nobody);
    writer.write(new Uint8Array(8)).then(ignore, ignore);
    expect(() => writer.offerAgain?.()).not.toThrow();
  });
});

describe("addresses", () => {
  it("are plain, however the driver spells them", () => {
    const driver = new ScriptedDriver({ hostname: "::FFFF:10.0.0.1", port: 1 }, { hostname: "::ffff:a00:2", port: 2 });
    expect(driver.connection.remoteAddress).toEqual({ hostname: "10.0.0.1", port: 1 });
    expect(driver.connection.localAddress).toEqual({ hostname: "10.0.0.2", port: 2 });
  });
});

describe("an end that the peer has not meant", () => {
  const cut = new SpillwayError("unexpected-eof", "cut off");

  it("is an end like any other, but noted", async () => {
    const driver = new ScriptedDriver();
    const { connection } = driver;
    const reader = connection.readable.getReader();
    expect(connection.truncated).toBe(false);
    connection.cutOff();
    expect((await reader.read()).done).toBe(true);
    expect(connection.truncated).toBe(true);
  });

  it("with an error comes behind what came before, and leaves the output open", () => {
    const driver = new ScriptedDriver();
    const { connection } = driver;
    const { reader, writer } = connection.own(nobody);
    driver.push(1, 2);
    connection.cutOff(cut);
    const seen: unknown[] = [];
    const read = () =>
      reader.read().then(
        ({ value }) => seen.push([...(value ?? [])]),
        (error) => seen.push(error),
      );
    for (let count = 0; count < 3; count++) read();
    expect(seen).toEqual([[1, 2], cut, cut]);
    driver.takes = true;
    writer.write(new Uint8Array(3)).then(ignore, ignore);
    writer.close();
    expect(driver.calls).toEqual(["write 3", "finish", "release"]);
  });

  it("with an error fails the read that waits, and a native stream", async () => {
    const waiting = new ScriptedDriver();
    const failed: unknown[] = [];
    waiting.connection
      .own(nobody)
      .reader.read()
      .then(ignore, (error) => failed.push(error));
    waiting.connection.cutOff(cut);
    expect(failed).toEqual([cut]);
    const native = new ScriptedDriver();
    const read = native.connection.readable.getReader().read();
    native.connection.cutOff(cut);
    await expect(read).rejects.toBe(cut);
  });

  it("is nothing behind an end, and no error while input is dropped", () => {
    const ended = new ScriptedDriver();
    ended.connection.end();
    ended.connection.cutOff(cut);
    expect(ended.connection.truncated).toBe(false);
    const closing = new ScriptedDriver();
    closing.takes = true;
    closing.connection.own(nobody);
    closing.connection.finish();
    closing.connection.cutOff(cut);
    expect(closing.calls).toEqual(["finish", "release"]);
  });
});

describe("half-close", () => {
  it("ends one direction and leaves the other open", async () => {
    const [near, far] = await pair();
    const writer = near.writable.getWriter();
    await writer.write(encoder.encode("question"));
    await writer.close();
    expect(await textOf(far)).toBe("question");
    const answering = far.writable.getWriter();
    await answering.write(encoder.encode("answer"));
    await answering.close();
    expect(await textOf(near)).toBe("answer");
    expect(await Promise.all([near.closed, far.closed])).toEqual([undefined, undefined]);
  });

  it("releases when both directions have ended, and not before", async () => {
    const [near, far] = await pair();
    const [nearFate, farFate] = [fate(near.closed), fate(far.closed)];
    await near.writable.close();
    await tickEnd();
    expect([nearFate.now, farFate.now]).toEqual(["pending", "pending"]);
    await far.writable.close();
    await textOf(near);
    await tickEnd();
    expect([nearFate.now, farFate.now]).toEqual(["fulfilled", "pending"]);
    await textOf(far);
    await tickEnd();
    expect(farFate.now).toBe("fulfilled");
  });
});

describe("a write", () => {
  it("waits while the peer does not read", async () => {
    const [near, far] = await pair(10);
    const writer = near.writable.getWriter();
    const first = fate(writer.write(new Uint8Array(10)));
    const second = fate(writer.write(new Uint8Array(1)));
    await tickEnd();
    expect([first.now, second.now]).toEqual(["fulfilled", "pending"]);
    const { value } = await far.readable.getReader().read();
    await tickEnd();
    expect(value).toHaveLength(10);
    expect(second.now).toBe("fulfilled");
  });

  it("is measured in bytes by desiredSize", async () => {
    const [near] = await pair(10);
    const writer = near.writable.getWriter();
    const before = writer.desiredSize as number;
    void writer.write(new Uint8Array(1_000));
    expect(writer.desiredSize).toBe(before - 1_000);
  });

  it("delivers what was in the buffer at the time", async () => {
    const [near, far] = await pair();
    const writer = near.writable.getWriter();
    const bytes = encoder.encode("before");
    await writer.write(bytes);
    bytes.fill(0);
    await writer.close();
    expect(await textOf(far)).toBe("before");
  });

  it("passes any number of bytes through a small link", async () => {
    const [near, far] = await pair(7);
    const text = Array.from({ length: 300 }, (_, count) => `${count}`).join(",");
    const writer = near.writable.getWriter();
    void writer.write(encoder.encode(text));
    void writer.write(new Uint8Array(0));
    void writer.close();
    expect(await textOf(far)).toBe(text);
  });

  it.each([
    ["a string", "text"],
    ["nothing", undefined],
    ["an ArrayBuffer", new ArrayBuffer(4)],
  ])("of %s is a TypeError", async (_name, chunk) => {
    const [near, far] = await pair();
    const writer = near.writable.getWriter();
    await expect(writer.write(chunk as never)).rejects.toThrow(TypeError);
    const closed = fate(near.close());
    await far.close();
    await tickEnd();
    expect(closed.now).toBe("fulfilled");
  });
});

describe("abort", () => {
  it("errors all four streams, and both ends say what broke them", async () => {
    const [near, far] = await pair();
    const cause = new Error("enough");
    near.abort(cause);
    expect(await near.closed).toMatchObject({ code: "aborted", cause });
    expect(await far.closed).toMatchObject({ code: "connection-reset" });
    await expect(near.readable.getReader().read()).rejects.toMatchObject({ code: "aborted" });
    await expect(far.readable.getReader().read()).rejects.toMatchObject({ code: "connection-reset" });
    await expect(near.writable.getWriter().write(new Uint8Array(1))).rejects.toMatchObject({ code: "aborted" });
    await expect(far.writable.getWriter().write(new Uint8Array(1))).rejects.toMatchObject({ code: "connection-reset" });
  });

  it("keeps a SpillwayError as the reason", async () => {
    const [near] = await pair();
    const reason = new SpillwayError("drain-timeout", "time is up");
    near.abort(reason);
    expect(await near.closed).toBe(reason);
  });

  it("rejects the reads and writes that wait, at both ends", async () => {
    const [near, far] = await pair(1);
    const writes = [near, far].map(({ writable }) => fate(writable.getWriter().write(new Uint8Array(5))));
    const reads = [near, far].map(({ readable }) => readable.getReader());
    await tickEnd();
    far.abort();
    await tickEnd();
    expect(writes.map(({ now }) => now)).toEqual(["connection-reset", "aborted"]);
    await expect(reads[0]?.read()).rejects.toMatchObject({ code: "connection-reset" });
    await expect(reads[1]?.read()).rejects.toMatchObject({ code: "aborted" });
  });

  it("again, or after the end, does nothing", async () => {
    const [near, far] = await pair();
    near.abort(new Error("first"));
    near.abort(new Error("second"));
    expect(await near.closed).toMatchObject({ cause: { message: "first" } });
    far.abort();
    expect(await far.closed).toMatchObject({ code: "connection-reset" });
    await Promise.all([near.close(), far.close()]);
  });

  it("is what aborting `writable` means", async () => {
    const [near, far] = await pair();
    await near.writable.abort(new Error("enough"));
    expect(await near.closed).toMatchObject({ code: "aborted" });
    expect(await far.closed).toMatchObject({ code: "connection-reset" });
  });
});

describe("close", () => {
  it("sends all that was written, then FIN, and waits for the peer's", async () => {
    const [near, far] = await pair(10);
    const writer = near.writable.getWriter();
    void writer.write(encoder.encode("all of this, through a small link"));
    const closed = fate(near.close());
    expect(await textOf(far)).toBe("all of this, through a small link");
    await tickEnd();
    expect(closed.now).toBe("pending");
    await far.writable.close();
    await tickEnd();
    expect(closed.now).toBe("fulfilled");
    expect(await near.closed).toBeUndefined();
  });

  it("reads and drops what still comes", async () => {
    const [near, far] = await pair(10);
    const closed = fate(near.close());
    const writer = far.writable.getWriter();
    await writer.write(new Uint8Array(1_000));
    await writer.close();
    await textOf(far);
    await tickEnd();
    expect(closed.now).toBe("fulfilled");
  });

  it("ends the reader's stream", async () => {
    const [near] = await pair();
    const reader = near.readable.getReader();
    const read = reader.read();
    void near.close();
    expect(await read).toEqual({ done: true, value: undefined });
  });

  it("refuses what is written too late", async () => {
    const [near] = await pair();
    const writer = near.writable.getWriter();
    void near.close();
    await tickEnd();
    await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject({ code: "aborted" });
  });

  it("goes together with closing `writable`, in either order, with writes on their way", async () => {
    for (const first of ["writable", "connection"]) {
      const [near, far] = await pair(4);
      const writer = near.writable.getWriter();
      const written = fate(writer.write(encoder.encode("0123456789")));
      const closing = [first === "writable" ? writer.close() : near.close()];
      closing.push(first === "writable" ? near.close() : writer.close());
      const fates = closing.map(fate);
      expect(await textOf(far)).toBe("0123456789");
      await far.writable.close();
      await tickEnd();
      expect([written.now, ...fates.map(({ now }) => now)]).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    }
  });

  it("settles the writer, too", async () => {
    const [near, far] = await pair();
    const writer = near.writable.getWriter();
    const end = fate(writer.closed);
    await Promise.all([near.close(), far.close()]);
    await tickEnd();
    expect(end.now).toBe("aborted");
  });

  it("at both ends at once, twice, ends both", async () => {
    const [near, far] = await pair();
    await Promise.all([near.close(), far.close(), near.close(), far.close()]);
    expect(await Promise.all([near.closed, far.closed])).toEqual([undefined, undefined]);
    await near.close();
  });

  it("works after the reader gave up", async () => {
    const [near, far] = await pair(10);
    await near.readable.cancel();
    const writer = far.writable.getWriter();
    await writer.write(new Uint8Array(100));
    await Promise.all([near.close(), far.close()]);
    expect(await near.closed).toBeUndefined();
  });

  it("still fulfils when the peer resets meanwhile", async () => {
    const [near, far] = await pair();
    const closed = near.close();
    await tickEnd();
    far.abort();
    await closed;
    expect(await near.closed).toMatchObject({ code: "connection-reset" });
  });
});

describe("reading", () => {
  it("reads no further ahead than one chunk", async () => {
    const [near, far] = await pair(10);
    const writer = near.writable.getWriter();
    const writes = Array.from({ length: 5 }, () => fate(writer.write(new Uint8Array(10))));
    await tickEnd();
    const reader = far.readable.getReader();
    await reader.read();
    await tickEnd();
    // Read, read ahead, and in the link.
    expect(writes.map(({ now }) => now)).toEqual(["fulfilled", "fulfilled", "fulfilled", "pending", "pending"]);
  });
});

/** A driver whose writes and FIN fail, and that says nothing else: Deno's way. */
class FailingDriver implements Driver {
  readonly remoteAddress = { hostname: "127.0.0.1", port: 1 };
  readonly localAddress = { hostname: "127.0.0.1", port: 2 };
  readonly connection: DriverConnection = new DriverConnection(this);
  readonly reset = vi.fn<() => void>(() => this.connection.released());
  pull(): void {}
  release(): void {}
  write(): false {
    queueMicrotask(() => this.connection.refuse(new SpillwayError("connection-reset", "gone")));
    return false;
  }
  finish(): false {
    queueMicrotask(() => this.connection.refuse(new SpillwayError("connection-failed", "no FIN")));
    return false;
  }
}

describe("a driver that fails", () => {
  it("in a write: the connection is broken, and released", async () => {
    const { connection, reset } = new FailingDriver();
    await expect(connection.writable.getWriter().write(new Uint8Array(1))).rejects.toMatchObject({
      code: "connection-reset",
    });
    expect(await connection.closed).toMatchObject({ code: "connection-reset" });
    await connection.close();
    expect(reset).toHaveBeenCalledOnce();
  });

  it("in sending FIN: the same", async () => {
    const { connection, reset } = new FailingDriver();
    await expect(connection.writable.close()).rejects.toMatchObject({ code: "connection-failed" });
    expect(await connection.closed).toMatchObject({ code: "connection-failed" });
    expect(reset).toHaveBeenCalledOnce();
  });

  it("in sending FIN during close: the same", async () => {
    const { connection, reset } = new FailingDriver();
    await connection.close();
    expect(await connection.closed).toMatchObject({ code: "connection-failed" });
    expect(reset).toHaveBeenCalledOnce();
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { SpillwayError } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { ScriptedDriver } from "./scripted_driver.ts";

const BROKEN = new SpillwayError("connection-reset", "broken");
const WRITABLE_BYTES = 65_536;

let driver: ScriptedDriver;
/** What settled, in order. */
let log: string[];

beforeEach(() => {
  driver = new ScriptedDriver();
  log = [];
});

function note(name: string, promise: Promise<unknown>): void {
  promise.then(
    () => log.push(name),
    (error: Error) => log.push(`${name}: ${error instanceof SpillwayError ? error.code : error.name}`),
  );
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

describe("writable", () => {
  it("counts a direct write in desiredSize and ready", async () => {
    const writer = driver.connection.writable.getWriter();
    await writer.ready;
    note("write", writer.write(bytes(WRITABLE_BYTES - 1)));
    expect(writer.desiredSize).toBe(1);
    note("room left", writer.ready);
    note("second", writer.write(bytes(1)));
    expect(writer.desiredSize).toBe(0);
    note("ready", writer.ready);
    expect(writer.ready).toBe(writer.ready);
    await tickEnd();
    expect(log).toEqual(["room left"]);
    driver.takeWrite();
    await tickEnd();
    expect(log.toSorted()).toEqual(["ready", "room left", "write"]);
    driver.takeWrite();
    await tickEnd();
    expect(writer.desiredSize).toBe(WRITABLE_BYTES);
  });

  it.each(["close", "release", "abort", "refuse"] as const)("settles a ready that waits on %s", async (how) => {
    const writer = driver.connection.writable.getWriter();
    note("write", writer.write(bytes(WRITABLE_BYTES)));
    note("ready", writer.ready);
    void writer.ready;
    if (how === "close") note("close", writer.close());
    else if (how === "abort") note("abort", writer.abort(BROKEN));
    else if (how === "release") writer.releaseLock();
    else driver.failWrite(BROKEN);
    writer.closed.catch(() => undefined);
    await tickEnd();
    const ready = { close: "ready", release: "ready: TypeError" }[how as string] ?? "ready: connection-reset";
    expect(log).toContain(ready);
    driver.takeWrite();
  });

  it("leaves no rejection behind that nobody asked for", async () => {
    const writer = driver.connection.writable.getWriter();
    note("write", writer.write(bytes(WRITABLE_BYTES)));
    void writer.ready;
    void writer.closed;
    driver.failWrite(BROKEN);
    await tickEnd();
    expect(log).toEqual(["write: connection-reset"]);
    expect(driver.calls).toEqual([`write ${WRITABLE_BYTES}`, "reset"]);
  });

  it("keeps the order of an empty chunk, and of what is written when the chunk before it is done", async () => {
    const writer = driver.connection.writable.getWriter();
    const first = writer.write(bytes(1));
    note("1", first);
    note(
      "then 3",
      first.then(() => writer.write(bytes(3))),
    );
    note("empty", writer.write(bytes(0)));
    note("2", writer.write(bytes(2)));
    for (let count = 0; count < 3; count++) {
      await tickEnd();
      driver.takeWrite();
    }
    await tickEnd();
    expect(driver.calls).toEqual(["write 1", "write 2", "write 3"]);
    expect(log).toEqual(["1", "empty", "2", "then 3"]);
  });

  it("does not pass an empty chunk that waits alone", async () => {
    const writer = driver.connection.writable.getWriter();
    await tickEnd();
    const first = writer.write(bytes(1));
    note(
      "then 2",
      first.then(() => writer.write(bytes(2))),
    );
    note("empty", writer.write(bytes(0)));
    driver.takeWrite();
    await tickEnd();
    note("3", writer.write(bytes(3)));
    await tickEnd();
    expect([driver.calls, log]).toEqual([["write 1", "write 2"], ["empty"]]);
    for (let count = 0; count < 2; count++) {
      driver.takeWrite();
      await tickEnd();
    }
    expect([driver.calls.at(-1), log]).toEqual(["write 3", ["empty", "then 2", "3"]]);
  });

  it("settles a write that is taken at once behind one that was not", async () => {
    const writer = driver.connection.writable.getWriter();
    await tickEnd();
    const first = writer.write(bytes(1));
    note("1", first);
    note("2", writer.write(bytes(2)));
    void first.then(() => note("3", writer.write(bytes(3))));
    driver.takes = true;
    driver.takeWrite();
    await tickEnd();
    expect(log).toEqual(["1", "2", "3"]);
  });

  it("refuses what comes after close, and sends FIN behind a write that was under way", async () => {
    const { writable } = driver.connection;
    const writer = writable.getWriter();
    const write = writer.write(bytes(1));
    note("write", write);
    note("close", writer.close());
    note("late", writer.write(bytes(2)));
    writer.releaseLock();
    const next = writable.getWriter();
    void write.then(() => note("later", next.write(bytes(3))));
    await tickEnd();
    expect(driver.calls).toEqual(["write 1"]);
    driver.takeWrite();
    await tickEnd();
    expect(driver.calls).toEqual(["write 1", "finish"]);
    expect(log.toSorted()).toEqual([
      "close",
      expect.stringMatching(/^late: /),
      expect.stringMatching(/^later: /),
      "write",
    ]);
  });

  it("is closed from the moment on at which close was called, also without a writer", async () => {
    const { writable } = driver.connection;
    note("close", writable.close());
    note("late", writable.getWriter().write(bytes(1)));
    await tickEnd();
    expect(driver.calls).toEqual(["finish"]);
    expect(log.toSorted()).toEqual(["close", expect.stringMatching(/^late: /)]);
  });

  it("has one writer at a time", () => {
    const { writable } = driver.connection;
    const writer = writable.getWriter();
    expect(() => writable.getWriter()).toThrow(TypeError);
    writer.releaseLock();
    expect(() => writer.desiredSize).toThrow(TypeError);
    writable.getWriter();
  });

  it("refuses a released writer, whose write still counts for the next", async () => {
    const { writable } = driver.connection;
    const old = writable.getWriter();
    note("1", old.write(bytes(1)));
    old.releaseLock();
    for (const promise of [old.write(bytes(1)), old.close(), old.abort(), old.ready, old.closed]) {
      await expect(promise).rejects.toThrow(TypeError);
    }
    const next = writable.getWriter();
    expect(next.desiredSize).toBe(WRITABLE_BYTES - 1);
    note("2", next.write(bytes(2)));
    note("close", next.close());
    driver.takes = true;
    driver.takeWrite();
    await tickEnd();
    expect(log).toEqual(["1", "2", "close"]);
    expect(driver.calls).toEqual(["write 1", "write 2", "finish"]);
  });

  it.each(["writer", "stream"] as const)("refuses what comes after an abort of the %s", async (who) => {
    const { writable, closed } = driver.connection;
    const writer = writable.getWriter();
    note("write", writer.write(bytes(1)));
    if (who === "stream") writer.releaseLock();
    const reason = new Error("enough");
    await (who === "stream" ? writable : writer).abort(reason);
    const next = who === "stream" ? writable.getWriter() : writer;
    await expect(next.write(bytes(1))).rejects.toBe(reason);
    await expect(next.closed).rejects.toBe(reason);
    expect(next.desiredSize).toBeNull();
    expect(await closed).toMatchObject({ code: "aborted", cause: reason });
    expect(log).toEqual(["write: connection-reset"]);
    expect(driver.calls).toEqual(["write 1", "reset"]);
  });

  it("breaks the connection when the driver refuses a write, and rejects all that was written", async () => {
    const { connection } = driver;
    const writer = connection.writable.getWriter();
    const read = connection.readable.getReader().read();
    const writes = [writer.write(bytes(1)), writer.write(bytes(2)), writer.write(bytes(0))];
    driver.failWrite(BROKEN);
    for (const promise of [...writes, read, writer.closed, writer.write(bytes(1))]) {
      await expect(promise).rejects.toBe(BROKEN);
    }
    expect(await connection.closed).toBe(BROKEN);
    expect(driver.calls).toEqual(["write 1", "reset"]);
  });

  it("is flushed by connection.close(), which takes no more", async () => {
    const { connection } = driver;
    const writer = connection.writable.getWriter();
    note("1", writer.write(bytes(1)));
    note("2", writer.write(bytes(2)));
    void connection.close();
    for (let count = 0; count < 2; count++) {
      await tickEnd();
      driver.takeWrite();
    }
    await tickEnd();
    expect(driver.calls).toEqual(["write 1", "write 2", "finish"]);
    await expect(writer.write(bytes(3))).rejects.toMatchObject({ code: "aborted" });
    connection.end();
    await connection.closed;
    expect(log).toEqual(["1", "2"]);
  });

  it("rejects what is on its way when the connection is aborted", async () => {
    const { connection } = driver;
    const writer = connection.writable.getWriter();
    note("1", writer.write(bytes(1)));
    note("2", writer.write(bytes(2)));
    connection.abort(BROKEN);
    await tickEnd();
    expect(log).toEqual(["1: connection-reset", "2: connection-reset"]);
    await expect(writer.write(bytes(1))).rejects.toBe(BROKEN);
    await expect(writer.closed).rejects.toBe(BROKEN);
  });

  it.each([0, 1, 2, 3])(
    "errors at a chunk that is no Uint8Array, behind %d others, and can still be closed",
    async (behind) => {
      const { connection } = driver;
      const writer = connection.writable.getWriter();
      const late = async () => writer.write(bytes(9));
      for (let length = 1; length <= behind; length++) note(`write ${length}`, writer.write(bytes(length)));
      note("bad", writer.write("text" as never));
      note("late", late());
      await tickEnd();
      void connection.close();
      driver.takes = true;
      driver.takeWrite();
      await tickEnd();
      writer.releaseLock();
      note("later", connection.writable.getWriter().write(bytes(9)));
      await tickEnd();
      expect(driver.calls.at(-1)).toBe("finish");
      expect(driver.calls).not.toContain("write 9");
      for (const name of ["bad", "late", "later"]) expect(log).toContain(`${name}: TypeError`);
      if (behind > 0) expect(log).toContain("write 1");
    },
  );

  it("can be piped to", async () => {
    driver.takes = true;
    const writer = driver.connection.writable.getWriter();
    await writer.write(bytes(1));
    writer.releaseLock();
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const length of [2, 0, 3]) controller.enqueue(bytes(length));
        controller.close();
      },
    });
    await source.pipeTo(driver.connection.writable);
    expect(driver.calls).toEqual(["write 1", "write 2", "write 3", "finish"]);
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { type Bytes, SpillwayError } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { bounded } from "../support/bounded.ts";
import { ScriptedDriver } from "./scripted_driver.ts";

const BROKEN = new SpillwayError("connection-reset", "broken");

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

/** Pushes three chunks and FIN when it is asked for input. */
function pushAll(): void {
  driver.onPull = () => {
    driver.onPull = () => {};
    queueMicrotask(() => {
      for (const byte of [1, 2, 3]) driver.push(byte);
      driver.connection.end();
    });
  };
}

async function drained(readable: ReadableStream<Bytes>): Promise<number[]> {
  const all: number[] = [];
  const step = bounded();
  for await (const chunk of readable) if (step()) all.push(...chunk);
  return all;
}

// Vitest fails on a rejection that nobody handles.
describe("readable", () => {
  it("asks the driver once for a read, and hands the driver's own chunk over", async () => {
    const reader = driver.connection.readable.getReader();
    const read = reader.read();
    const chunk = new Uint8Array([1]);
    expect(driver.pulls).toBe(1);
    expect(driver.connection.push(chunk)).toBe(true);
    expect((await read).value).toBe(chunk);
    expect(driver.push(2)).toBe(false);
  });

  it("goes on when the driver pushes more than is read within the pull", async () => {
    const reader = driver.connection.readable.getReader();
    for (let round = 0; round < 3; round++) {
      driver.onPull = () => void (driver.push(1), driver.push(2), driver.push(3));
      const reads = [reader.read(), reader.read(), reader.read()];
      expect((await Promise.all(reads)).map(({ value }) => value?.[0])).toEqual([1, 2, 3]);
    }
    // A reader of the stream's own, which pulls in the stream's way.
    reader.releaseLock();
    const native = new ReadableStreamDefaultReader(driver.connection.readable);
    for (let round = 0; round < 3; round++) {
      driver.onPull = () => void (driver.push(1), driver.push(2));
      const values = [(await native.read()).value?.[0], (await native.read()).value?.[0]];
      expect(values).toEqual([1, 2]);
    }
  });

  it("keeps the chunk of a read whose reader was released", async () => {
    const { readable } = driver.connection;
    const first = readable.getReader();
    note("first", first.read());
    note("second", first.read());
    first.releaseLock();
    driver.push(7);
    await tickEnd();
    expect(log).toEqual(["first: TypeError", "second: TypeError"]);
    await expect(first.closed).rejects.toThrow(TypeError);
    expect((await readable.getReader().read()).value).toEqual(new Uint8Array([7]));
  });

  it("settles all pending reads in order, whatever ends it", async () => {
    for (const end of ["end", "fail", "cancel", "abort"] as const) {
      const { connection } = new ScriptedDriver();
      const reader = connection.readable.getReader();
      for (const name of ["1", "2", "3"]) note(name, reader.read());
      const result = end === "end" || end === "cancel" ? "" : end === "abort" ? ": aborted" : ": connection-reset";
      if (end === "cancel") note("cancel", reader.cancel());
      else if (end === "fail") connection.fail(BROKEN);
      else connection[end]();
      await tickEnd();
      const cancelled = end === "cancel" ? ["cancel"] : [];
      expect(log.splice(0)).toEqual([...["1", "2", "3"].map((name) => name + result), ...cancelled]);
      if (result !== "") await expect(reader.closed).rejects.toBeInstanceOf(SpillwayError);
      else await reader.closed;
    }
  });

  it("has one reader at a time, and no byte reader", () => {
    const { readable } = driver.connection;
    expect(() => readable.getReader({ mode: "byob" })).toThrow(TypeError);
    expect(() => readable.getReader({ mode: "other" as "byob" })).toThrow(TypeError);
    expect(readable.locked).toBe(false);
    readable.getReader();
    expect(() => readable.getReader()).toThrow(TypeError);
  });

  it("gives zero-length chunks, as a stream does", async () => {
    const reader = driver.connection.readable.getReader();
    const read = reader.read();
    driver.push();
    driver.push();
    expect([(await read).value, (await reader.read()).value]).toEqual([new Uint8Array(0), new Uint8Array(0)]);
  });

  it("can be iterated, before and after a read and a release", async () => {
    const { readable } = driver.connection;
    const reader = readable.getReader();
    const read = reader.read();
    driver.push(0);
    await read;
    note("read", reader.read());
    reader.releaseLock();
    pushAll();
    expect(await drained(readable)).toEqual([1, 2, 3]);
    expect(log).toEqual(["read: TypeError"]);
  });

  it("stops being read when an iteration is left", async () => {
    pushAll();
    for await (const chunk of driver.connection.readable) {
      expect(chunk).toEqual(new Uint8Array([1]));
      break;
    }
    expect((await driver.connection.readable.getReader().read()).done).toBe(true);
  });

  it("can be piped, piped through, and teed", async () => {
    pushAll();
    const chunks: number[] = [];
    await driver.connection.readable.pipeTo(new WritableStream({ write: (chunk) => void chunks.push(...chunk) }));
    expect(chunks).toEqual([1, 2, 3]);

    driver = new ScriptedDriver();
    pushAll();
    const through = driver.connection.readable.pipeThrough(new TransformStream<Bytes, Bytes>());
    expect(await drained(through)).toEqual([1, 2, 3]);

    driver = new ScriptedDriver();
    pushAll();
    const branches = driver.connection.readable.tee().map(drained);
    expect(await Promise.all(branches)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it("errors what it is piped to with the driver's error", async () => {
    const piped = driver.connection.readable.pipeTo(new WritableStream());
    await tickEnd();
    driver.connection.fail(BROKEN);
    await expect(piped).rejects.toBe(BROKEN);
  });
});

// Events of Bun that a test cannot bring about in its own process. The socket is made up, so this runs everywhere.
import { describe, expect, it, vi } from "vitest";
import { BunDriver, handlers } from "../../src/adapters/bun/driver.ts";
import type { TcpSocket } from "../../src/adapters/bun/native.ts";
import type { ByteWriter } from "../../src/core/mod.ts";

const ADDRESSES = { remoteAddress: "127.0.0.1", remotePort: 1, localAddress: "127.0.0.1", localPort: 2 };
const UNKNOWN = { remoteAddress: undefined, remotePort: undefined, localAddress: undefined, localPort: undefined };
const BYTES = new Uint8Array([1, 2, 3, 4]);

/** A socket that notes what is called, and takes as many bytes of a write as `takes` says, all of them when that is empty. */
function madeUp(addresses: object = ADDRESSES) {
  const calls: string[] = [];
  const takes: number[] = [];
  const note = (name: string) => () => void calls.push(name);
  const socket = {
    ...addresses,
    data: undefined as unknown,
    pause: note("pause"),
    resume: note("resume"),
    setNoDelay: (on: boolean) => void calls.push(`noDelay ${on}`),
    setKeepAlive: (on: boolean, ms: number) => void calls.push(`keepAlive ${on} ${ms}`),
    shutdown: note("shutdown"),
    end: note("end"),
    terminate: note("terminate"),
    write: (bytes: Uint8Array) => {
      calls.push(`write ${bytes.length}`);
      return takes.shift() ?? bytes.length;
    },
  };
  return { socket: socket as unknown as TcpSocket<BunDriver>, calls, takes };
}

function driven(addresses?: object) {
  const made = madeUp(addresses);
  const driver = new BunDriver(made.socket, {});
  made.calls.length = 0;
  return { ...made, driver };
}

const writers = new WeakMap<BunDriver, ByteWriter>();

/** Writes as the connection's owner, as what becomes of it is told to that. */
function writeTo(driver: BunDriver): Promise<void> {
  const own = () => driver.connection.own({ onClosed: () => {}, onDropped: () => {}, onTaken: () => {} }).writer;
  const writer = writers.get(driver) ?? own();
  writers.set(driver, writer);
  return new Promise((resolve, reject) => writer.write(BYTES).then(resolve, reject));
}

describe("a connection of Bun's", () => {
  it("that was reset before it was accepted has an empty address, and port 0", () => {
    // Measured: after a reset before `open` both addresses are undefined.
    const { connection } = driven(UNKNOWN).driver;
    expect([connection.remoteAddress, connection.localAddress]).toEqual([
      { hostname: "", port: 0 },
      { hostname: "", port: 0 },
    ]);
  });

  it("is paused from the start, and keeps alive if that is asked for", () => {
    const { socket, calls } = madeUp();
    const driver = new BunDriver(socket, { keepAliveMs: 5_000 });
    expect(calls).toEqual(["pause", "keepAlive true 5000"]);
    expect(socket.data).toBe(driver);
  });

  it.each([
    [undefined, ["pause"]],
    [true, ["pause"]],
    [false, ["pause", "noDelay false"]],
  ])("with noDelay: %s does what is needed: Bun's sockets have no delay", (noDelay, expected) => {
    const { socket, calls } = madeUp();
    const driver = new BunDriver(socket, { noDelay });
    expect(socket.data).toBe(driver);
    expect(calls).toEqual(expected);
  });

  it("resumes once for any number of pulls, and pauses once when input is pushed back", () => {
    const { driver, calls } = driven();
    driver.pull();
    driver.pull();
    expect(calls).toEqual(["resume"]);
    driver.onData(new Uint8Array(1));
    driver.onData(new Uint8Array(1));
    expect(calls).toEqual(["resume", "pause"]);
    driver.pull();
    expect(calls).toEqual(["resume", "pause", "resume"]);
  });

  it("offers the rest of a write again when there is room, until all is taken, and tells what was", async () => {
    const { driver, calls, takes } = driven();
    const took = vi.spyOn(driver.connection, "took");
    takes.push(1, 0, 2);
    const written = writeTo(driver);
    driver.onDrain();
    driver.onDrain();
    driver.retry();
    await written;
    driver.onDrain();
    expect(calls).toEqual(["write 4", "write 3", "write 3", "write 1"]);
    expect(took.mock.calls).toEqual([[1], [2], [1]]);
  });

  it.each([
    ["at once", [-1]],
    ["when the rest is offered again", [1, -1]],
  ])("refuses a write that the socket refuses %s", async (_, refusals) => {
    const { driver, takes } = driven();
    takes.push(...refusals);
    const written = writeTo(driver);
    driver.onDrain();
    await expect(written).rejects.toMatchObject({ code: "connection-reset" });
  });

  it("refuses a write that its end interrupts, and one that comes behind it", async () => {
    const { driver, takes } = driven();
    takes.push(1, 0);
    const written = writeTo(driver);
    driver.onClose(undefined);
    await expect(written).rejects.toMatchObject({ code: "connection-failed" });
    await expect(writeTo(driver)).rejects.toMatchObject({ code: "connection-failed" });
  });

  it("is reset with RST, but behind FIN in order, and not at all when it is closed", () => {
    const open = driven();
    open.driver.reset();
    expect(open.calls).toEqual(["terminate"]);
    const finished = driven();
    finished.driver.finish();
    finished.driver.reset();
    expect(finished.calls).toEqual(["shutdown", "end"]);
    const closed = driven();
    closed.driver.onClose(undefined);
    closed.driver.reset();
    closed.driver.release();
    expect(closed.calls).toEqual([]);
  });

  it("is released by closing it", () => {
    const { driver, calls } = driven();
    driver.release();
    expect(calls).toEqual(["end"]);
  });

  it("that is closed behind its own FIN has ended in order, and otherwise with what broke it", async () => {
    const finished = driven();
    void finished.driver.connection.close();
    finished.driver.onClose(undefined);
    expect(await finished.driver.connection.closed).toBeUndefined();
    const broken = driven();
    broken.driver.onClose(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    expect(await broken.driver.connection.closed).toMatchObject({ code: "connection-reset" });
  });
});

describe("a connection of Bun's at a path", () => {
  const unix = { localAddress: { path: "/run/echo.sock" }, remoteAddress: { path: "" } };

  function atPath() {
    const made = madeUp(UNKNOWN);
    return { ...made, driver: new BunDriver(made.socket, { unix }) };
  }

  it("has the addresses that it is given: Bun has none of it", () => {
    const { connection } = atPath().driver;
    expect([connection.localAddress, connection.remoteAddress]).toEqual([unix.localAddress, unix.remoteAddress]);
  });

  it("that is closed underneath was left by its peer, unless it had ended", async () => {
    const { driver } = atPath();
    driver.onEnd();
    driver.onClose(undefined);
    expect(await driver.connection.closed).toMatchObject({ code: "connection-reset" });
    const finished = atPath().driver;
    void finished.connection.close();
    finished.onClose(undefined);
    expect(await finished.connection.closed).toBeUndefined();
  });
});

describe("the handlers of Bun's sockets", () => {
  it("reach the driver of their socket", async () => {
    const { socket, takes } = madeUp();
    const opened: BunDriver[] = [];
    const { open, data, drain, end, close } = handlers(
      (driver) => opened.push(driver),
      () => ({}),
    );
    open(socket);
    const [driver] = opened as [BunDriver];
    const reader = driver.connection.readable.getReader();
    const read = reader.read();
    data(socket, BYTES);
    expect((await read).value).toEqual(BYTES);
    const sent = vi.spyOn(driver.connection, "sent");
    takes.push(0);
    driver.write(BYTES);
    drain(socket);
    expect(sent).toHaveBeenCalledOnce();
    end(socket);
    expect((await reader.read()).done).toBe(true);
    close(socket, undefined);
    expect(await driver.connection.closed).toMatchObject({ name: "SpillwayError" });
  });

  it("end the connection of a socket that has an error, and take one that never opened", async () => {
    const { close, error, open } = handlers(
      () => {},
      () => ({}),
    );
    const unopened = madeUp().socket;
    expect(() => {
      error(unopened, new Error("early"));
      close(unopened, undefined);
    }).not.toThrow();
    const { socket } = madeUp();
    open(socket);
    const { connection } = socket.data;
    error(socket, Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    close(socket, undefined);
    expect(await connection.closed).toMatchObject({ code: "connection-reset" });
  });
});

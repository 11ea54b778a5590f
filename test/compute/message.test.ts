import { describe, expect, it } from "vitest";
import { movedWith, packFrame, packReply, unpack } from "../../src/compute/message.ts";

describe("packFrame", () => {
  it("moves bytes that fill their buffer", () => {
    const frame = Uint8Array.of(1, 2, 3);
    const parcel = packFrame(frame);
    expect(movedWith(parcel)).toEqual([frame.buffer]);
    expect(movedWith(parcel)[0]).toBe(frame.buffer);
    expect(unpack(parcel)).toEqual(frame);
  });

  it.each([
    ["at the beginning", Uint8Array.of(1, 2, 3, 4).subarray(0, 3)],
    ["at the end", Uint8Array.of(1, 2, 3, 4).subarray(1)],
    ["nowhere", new Uint8Array(new ArrayBuffer(4), 4)],
    ["as a Buffer", Buffer.from(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2)],
  ])("copies bytes that are a part of their buffer: %s", (_where, frame) => {
    const parcel = packFrame(frame);
    const [moved] = movedWith(parcel);
    expect(moved).not.toBe(frame.buffer);
    expect(moved?.byteLength).toBe(frame.length);
    expect(unpack(parcel)).toEqual(Uint8Array.from(frame));
  });

  it("copies an empty frame, and one in shared memory", () => {
    const empty = new Uint8Array(0);
    expect(movedWith(packFrame(empty))[0]).not.toBe(empty.buffer);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    expect(movedWith(packFrame(shared))[0]).toBeInstanceOf(ArrayBuffer);
  });

  it.each(["text", 1, undefined, null, { a: Uint8Array.of(1) }])("leaves to cloning what is not bytes: %j", (frame) => {
    expect(movedWith(packFrame(frame))).toEqual([]);
    expect(unpack(packFrame(frame))).toBe(frame);
  });
});

describe("packReply", () => {
  it("moves a copy", () => {
    const reply = Uint8Array.of(1, 2, 3);
    const parcel = packReply(reply);
    expect(movedWith(parcel)).toHaveLength(1);
    expect(movedWith(parcel)[0]).not.toBe(reply.buffer);
    expect(unpack(parcel)).toEqual(reply);
  });
});

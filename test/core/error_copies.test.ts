import { expect, it, vi } from "vitest";
import { SpillwayError } from "../../src/core/mod.ts";
import { served } from "./support/served.ts";

/** The package a second time, as when the command line is installed apart from what a service module imports. */
async function anotherCopy(): Promise<typeof import("../../src/core/mod.ts")> {
  vi.resetModules();
  return import("../../src/core/mod.ts");
}

it("an error of another copy of the package is one of ours", async () => {
  const other = await anotherCopy();
  const error = new other.SpillwayError("frame-invalid", "no frame");
  expect(Object.getPrototypeOf(error)).not.toBe(SpillwayError.prototype);
  expect(error).toBeInstanceOf(SpillwayError);
  expect(new SpillwayError("frame-invalid", "no frame")).toBeInstanceOf(other.SpillwayError);
});

it("the error of another copy's codec keeps its code", async () => {
  const { lines } = await anotherCopy();
  const harness = await served({ codec: lines({ maxFrameBytes: 3 }) });
  const peer = await harness.connect();
  await peer.send("one\nlonger\n");
  expect([peer.received, harness.reasons]).toEqual(["ONE\nerror: frame-too-large\n", ["frame-too-large"]]);
});

it.each([
  ["an Error", new Error("no")],
  ["what looks like one", { name: "SpillwayError", code: "frame-invalid", message: "no" }],
  ["null", null],
  ["a string", "SpillwayError"],
])("%s is none of ours", (_name, value) => {
  expect(value).not.toBeInstanceOf(SpillwayError);
});

it("a subclass is asked for its own", () => {
  class Special extends SpillwayError {}
  const special = new Special("frame-invalid", "no");
  expect([special instanceof Special, special instanceof SpillwayError]).toEqual([true, true]);
  expect(new SpillwayError("frame-invalid", "no")).not.toBeInstanceOf(Special);
});

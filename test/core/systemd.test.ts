import { describe, expect, it } from "vitest";
import { inheritedListeners } from "../../src/core/mod.ts";

const PID = 4711;
const env = (LISTEN_FDS?: string, LISTEN_FDNAMES?: string, LISTEN_PID: string | undefined = "4711") => ({
  LISTEN_FDS,
  LISTEN_PID,
  LISTEN_FDNAMES,
  PATH: "/bin",
});

describe("inheritedListeners()", () => {
  it.each([
    ["one without a name", env("1"), [[3, "unknown"]]],
    [
      "several with names, in order",
      env("3", "a:b.socket:a"),
      [
        [3, "a"],
        [4, "b.socket"],
        [5, "a"],
      ],
    ],
    [
      "empty names",
      env("2", ":"),
      [
        [3, ""],
        [4, ""],
      ],
    ],
    ["one with an empty name", env("1", ""), [[3, ""]]],
    [
      "leading zeros",
      env("02", "a:b"),
      [
        [3, "a"],
        [4, "b"],
      ],
    ],
    ["the longest name", env("1", "n".repeat(255)), [[3, "n".repeat(255)]]],
    ["none of none", env("0"), []],
    ["none of none, whatever their names", env("0", "a:b"), []],
    ["none without LISTEN_FDS", env(), []],
    ["none without LISTEN_PID", { LISTEN_FDS: "1" }, []],
    ["none that are meant for another process", env("1", "a", "4712"), []],
    ["none in an empty environment", {}, []],
  ])("takes from the environment %s", (_what, given, expected) => {
    expect(inheritedListeners(given, PID).map(({ fd, name }) => [fd, name])).toEqual(expected);
  });

  it("returns as many as a unit can have", () => {
    const all = inheritedListeners(env("1024"), PID);
    expect(all).toHaveLength(1_024);
    expect(all.at(-1)).toEqual({ fd: 1_026, name: "unknown" });
  });

  it.each([
    [env("1025"), 'LISTEN_FDS must be a whole number from 0 to 1024, not "1025"'],
    [env("-1"), "LISTEN_FDS must be"],
    [env("1.5"), "LISTEN_FDS must be"],
    [env("1e3"), "LISTEN_FDS must be"],
    [env("0x3"), "LISTEN_FDS must be"],
    [env(""), "LISTEN_FDS must be"],
    [env(" 1"), "LISTEN_FDS must be"],
    [env("9".repeat(1_000_000)), `not "${"9".repeat(64)}…"`],
    [env("1", "", ""), "LISTEN_PID must be"],
    [env("1", "", "self"), "LISTEN_PID must be"],
    [env("2", "a"), 'LISTEN_FDNAMES must have 2 names with colons between, as LISTEN_FDS says, not "a"'],
    [env("2", "a:b:c"), "LISTEN_FDNAMES must have 2 names"],
    [env("1", ":".repeat(1_000_000)), "LISTEN_FDNAMES must have 1 names"],
    [env("1", "n".repeat(256)), "LISTEN_FDNAMES must have names of at most 255 characters"],
  ])("refuses what contradicts the protocol: case %#", (given, message) => {
    expect(() => inheritedListeners(given, PID)).toThrow(expect.objectContaining({ code: "listen-failed" }));
    expect(() => inheritedListeners(given, PID)).toThrow(message);
  });
});

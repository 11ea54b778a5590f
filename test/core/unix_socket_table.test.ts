import { describe, expect, it } from "vitest";
import { isBound, pathOfDescriptor } from "../../src/core/mod.ts";

/** As Linux prints `/proc/net/unix`. */
const TABLE = [
  "Num       RefCount Protocol Flags    Type St Inode Path",
  "0000000056e4d464: 00000002 00000000 00010000 0001 01 10091235 /run/plain.sock",
  "00000000ba83ecde: 00000002 00000000 00010000 0001 01 10091236 /run/.Ab12Cd/placed.sock",
  "0000000008448433: 00000002 00000000 00010000 0001 01 10091237 @abstract name",
  "000000000d19933c: 00000002 00000000 00000000 0001 03 10091238",
  "00000000c3f06690: 00000003 00000000 00000000 0001 03 10091239 /run/accepted.sock",
  "00000000bc84b540: 00000002 00000000 00000000 0002 01     1234 /run/datagrams",
  "00000000bc84b541: 00000002 00000000 00000000 0002 01     1235 /run/.Ab12Cd/datagrams.sock",
  "00000000bc84b542: 00000002 00000000 00010000 0001 01     1236 relative.sock",
  "00000000bc84b543: 00000002 00000000 00010000 0001 01     1237 .Ab12Cd/near.sock",
  "00000000bc84b544: 00000002 00000000 00010000 0001 01     1238 /run/with spaces and 03.sock",
  "",
].join("\n");

const files = (link: string) => ({
  readlinkSync: (path: string) => {
    expect(path).toBe("/proc/self/fd/3");
    return link;
  },
  readFileSync: (path: string) => {
    expect(path).toBe("/proc/net/unix");
    return TABLE;
  },
});

describe("the table of Unix sockets", () => {
  it.each([
    ["/run/plain.sock", true],
    ["/run/placed.sock", true],
    ["\0abstract name", true],
    ["/run/datagrams", true],
    ["relative.sock", true],
    ["near.sock", true],
    ["/run/with spaces and 03.sock", true],
    // Only of connected sockets.
    ["/run/accepted.sock", false],
    // A directory of that kind holds what listens, no sockets for datagrams.
    ["/run/datagrams.sock", false],
    ["/run/other.sock", false],
    ["/run/lain.sock", false],
    ["/plain.sock", false],
    ["@abstract name", false],
    ["", false],
  ])("says whether %j is bound: %s", (path, bound) => {
    expect(isBound(TABLE, path, () => false)).toBe(bound);
  });

  it("does not count a socket that is not in its place yet: it has a file in a directory of its own", () => {
    const asked: string[] = [];
    const exists = (path: string) => asked.push(path) > 0;
    expect(isBound(TABLE, "/run/placed.sock", exists)).toBe(false);
    expect(isBound(TABLE, "near.sock", exists)).toBe(false);
    expect(isBound(TABLE, "/run/plain.sock", exists)).toBe(true);
    expect(asked).toEqual(["/run/.Ab12Cd/placed.sock", ".Ab12Cd/near.sock"]);
  });

  it.each([
    ["socket:[10091235]", "/run/plain.sock"],
    ["socket:[10091237]", "\0abstract name"],
    ["socket:[1234]", "/run/datagrams"],
    ["socket:[1238]", "/run/with spaces and 03.sock"],
    // Without a name, or of another kind.
    ["socket:[10091238]", ""],
    ["socket:[9]", ""],
    ["socket:[123]", ""],
    ["/dev/null", ""],
    ["anon_inode:[eventpoll]", ""],
  ])("names the descriptor whose link is %s: %j", (link, path) => {
    expect(pathOfDescriptor(3, files(link))).toBe(path);
  });

  it("names no descriptor where there is no such table, or none that may be read", () => {
    const readlinkSync = () => {
      throw new Error("ENOENT");
    };
    expect(pathOfDescriptor(3, { ...files(""), readlinkSync })).toBe("");
    const readFileSync = () => {
      throw new Error("NotCapable");
    };
    expect(pathOfDescriptor(3, { ...files("socket:[1234]"), readFileSync })).toBe("");
  });
});

import { describe, expect, it } from "vitest";
import { checkConnectOptions, checkListenOptions, ignoredOption } from "../../src/core/mod.ts";
import type { ConnectOptions, ListenOptions } from "../../src/mod.ts";

const backlog = 16;
const tcp = { hostname: "127.0.0.1", port: 0, backlog };

/** Calls with options as of a program that the compiler does not check. */
const listen = (options: object, platform = "linux") => checkListenOptions(options as ListenOptions, platform);
const connect = (options: object, platform = "linux") => checkConnectOptions(options as ConnectOptions, platform);

/** A path of so many bytes. */
const pathOf = (bytes: number) => `/${"x".repeat(bytes - 1)}`;

describe("the options of a listener", () => {
  it.each([
    [tcp],
    [{ ...tcp, ipv6Only: true, reusePort: false, noDelay: false, keepAliveMs: 1_000 }],
    [{ ...tcp, path: undefined, fd: undefined, mode: undefined }],
    [{ path: "/run/echo.sock", backlog }],
    [{ path: "/run/echo.sock", mode: 0, backlog }],
    [{ path: "echo.sock", mode: 0o777, backlog, noDelay: undefined }],
    [{ path: "\0echo", backlog }],
    [{ fd: 0, backlog }],
    [{ fd: 3, backlog, noDelay: false, keepAliveMs: 1_000 }],
  ])("may be %o", (options) => {
    expect(() => listen(options)).not.toThrow();
  });

  it.each([
    [{ ...tcp, reuseport: true }, TypeError, "unknown option reuseport; did you mean reusePort?"],
    [{ ...tcp, path: "/run/echo.sock" }, TypeError, "hostname and path do not go together"],
    [{ port: 0, backlog, path: "/run/echo.sock" }, TypeError, "port and path"],
    [{ ...tcp, fd: 3 }, TypeError, "hostname and fd"],
    [{ path: "/run/echo.sock", fd: 3, backlog }, TypeError, "fd and path"],
    [{ ...tcp, mode: 0o600 }, TypeError, "mode and port"],
    [{ fd: 3, backlog, mode: 0o600 }, TypeError, "mode and fd"],
    [{ fd: 3, backlog, ipv6Only: true }, TypeError, "ipv6Only and fd"],
    [{ path: "/run/echo.sock", backlog, noDelay: true }, TypeError, "noDelay and path"],
    [{ path: "/run/echo.sock", backlog, keepAliveMs: 1 }, TypeError, "keepAliveMs and path"],
    [{ ...tcp, noDelay: "off" }, TypeError, "noDelay must be true or false, not string"],
    [{ ...tcp, ipv6Only: 1 }, TypeError, "ipv6Only must be"],
    [{ ...tcp, reusePort: null }, TypeError, "reusePort must be"],
    [{ path: 7, backlog }, TypeError, "path must be a string, not number"],
    [{ path: "", backlog }, TypeError, "path must not be empty"],
    [{ path: "\0", backlog }, TypeError, "path must not be empty"],
    [{ path: "/run/a\0b", backlog }, TypeError, 'path must not have NUL in it: "/run/a\\u0000b"'],
    [{ path: "\0a\0b", backlog }, TypeError, "path must not have NUL"],
    [{ path: "/run/echo.sock", mode: "660", backlog }, TypeError, "mode must be a number, not string"],
    [{ path: "/run/echo.sock", mode: 0o1000, backlog }, RangeError, "mode must be a whole number from 0 to 0o777"],
    [{ path: "/run/echo.sock", mode: -1, backlog }, RangeError, "mode must be"],
    [{ path: "/run/echo.sock", mode: 1.5, backlog }, RangeError, "mode must be"],
    [{ path: "/run/echo.sock", mode: Number.NaN, backlog }, RangeError, "mode must be"],
    [{ path: "\0echo", mode: 0o600, backlog }, TypeError, "an abstract socket has no mode"],
    [{ fd: -1, backlog }, RangeError, "fd must be a whole number of at least 0, not -1"],
    [{ fd: 1.5, backlog }, RangeError, "fd must be"],
    [{ fd: "3", backlog }, TypeError, "fd must be a number"],
  ])("may not be %o", (options, kind, message) => {
    expect(() => listen(options)).toThrow(kind);
    expect(() => listen(options)).toThrow(message);
  });
});

describe("the options of a connection", () => {
  it.each([
    [{ hostname: "127.0.0.1", port: 1 }],
    [
      {
        hostname: "127.0.0.1",
        port: 1,
        localAddress: "127.0.0.2",
        keepAliveMs: 1_000,
        noDelay: false,
        path: undefined,
      },
    ],
    [{ path: "/run/echo.sock", hostname: undefined, port: undefined }],
    [{ path: "\0echo", signal: AbortSignal.abort() }],
  ])("may be %j", (options) => {
    expect(() => connect(options)).not.toThrow();
  });

  it.each([
    [{ path: "/run/echo.sock", port: 1 }, TypeError, "port and path do not go together"],
    [{ path: "/run/echo.sock", localAddress: "127.0.0.1" }, TypeError, "localAddress and path"],
    [{ path: "/run/echo.sock", noDelay: true }, TypeError, "noDelay and path"],
    [{ path: "" }, TypeError, "path must not be empty"],
    [{ hostname: "127.0.0.1", port: 1, noDelay: 0 }, TypeError, "noDelay must be"],
    [{ hostname: "127.0.0.1", port: 1, localAdress: "" }, TypeError, "did you mean localAddress?"],
  ])("may not be %o", (options, kind, message) => {
    expect(() => connect(options)).toThrow(kind);
    expect(() => connect(options)).toThrow(message);
  });
});

describe("the length of a path", () => {
  it.each([
    ["linux", "a listener", 99],
    ["darwin", "a listener", 95],
    ["freebsd", "a listener", 95],
    ["linux", "a connection", 107],
    ["android", "a connection", 107],
    ["darwin", "a connection", 103],
  ])("on %s is for %s at most what the kernel takes: %d bytes", (platform, whose, most) => {
    const check = (path: string) =>
      whose === "a listener" ? listen({ path, backlog }, platform) : connect({ path }, platform);
    expect(() => check(pathOf(most))).not.toThrow();
    expect(() => check(pathOf(most + 1))).toThrow(RangeError);
    expect(() => check(pathOf(most + 1))).toThrow(`path must be at most ${most} bytes, not ${most + 1}`);
  });

  it("is that in UTF-8", () => {
    expect(() => connect({ path: `/${"é".repeat(53)}` })).not.toThrow();
    expect(() => connect({ path: `/${"é".repeat(54)}` })).toThrow("not 109");
  });

  it("of an abstract socket is all that the kernel takes, as it is never put into a directory", () => {
    expect(() => listen({ path: `\0${"x".repeat(106)}`, backlog })).not.toThrow();
    expect(() => listen({ path: `\0${"x".repeat(107)}`, backlog })).toThrow(RangeError);
  });
});

describe("a system that has no such sockets", () => {
  it.each([
    ["win32", "/run/echo.sock", "not supported on Windows"],
    ["win32", "\0echo", "not supported on Windows"],
    ["darwin", "\0echo", "only Linux has abstract sockets, not darwin"],
    ["freebsd", "\0echo", "only Linux"],
  ])("%s refuses %j", (platform, path, message) => {
    for (const check of [() => listen({ path, backlog }, platform), () => connect({ path }, platform)]) {
      expect(check).toThrow(
        expect.objectContaining({ code: "runtime-unsupported", message: expect.stringContaining(message) }),
      );
    }
  });
});

describe("an inherited socket", () => {
  it("ignores options of TCP if it is a Unix one", () => {
    const options = { fd: 3, backlog, keepAliveMs: 1_000, noDelay: true };
    expect(ignoredOption(options, { hostname: "::1", port: 1 })).toBeUndefined();
    expect(ignoredOption(options, { path: "" })).toBe("keepAliveMs");
    expect(ignoredOption({ fd: 3, backlog, noDelay: true }, { path: "/run/a" })).toBe("noDelay");
    expect(ignoredOption({ fd: 3, backlog }, { path: "/run/a" })).toBeUndefined();
  });
});

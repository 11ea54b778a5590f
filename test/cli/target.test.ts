import { describe, expect, it } from "vitest";
import { parseTarget } from "../../src/cli/target.ts";

describe("a target", () => {
  it.each([
    ["example.org:80", { hostname: "example.org", port: 80 }, false],
    ["127.0.0.1:65535", { hostname: "127.0.0.1", port: 65_535 }, false],
    ["[::1]:9000", { hostname: "::1", port: 9000 }, false],
    ["tls://example.org:443", { hostname: "example.org", port: 443 }, true],
    ["tls://[fe80::1%eth0]:443", { hostname: "fe80::1%eth0", port: 443 }, true],
    ["unix:/run/echo.sock", { path: "/run/echo.sock" }, false],
    ["unix:echo.sock", { path: "echo.sock" }, false],
    ["unix:@echo", { path: "\0echo" }, false],
    ["tcp://127.0.0.1:80", { hostname: "127.0.0.1", port: 80 }, false],
    ["tls+unix:/run/echo.sock", { path: "/run/echo.sock" }, true],
  ])("is understood: %s", (text, address, tls) => {
    expect(parseTarget(text)).toEqual({ text, address, tls });
  });

  it.each([
    ["", "write host:port"],
    ["example.org", "write host:port"],
    ["9000", "write host:port"],
    [":9000", "write host:port"],
    ["::1:9000", "write host:port"],
    ["a b:9000", "write host:port"],
    ["example.org:", "write host:port"],
    ["example.org:x", "write host:port"],
    ["http://example.org:80", "write host:port"],
    ["tls://example.org", "write host:port"],
    ["example.org:0", "the port must be from 1 to 65535"],
    ["example.org:65536", "the port must be from 1 to 65535"],
    ["example.org:99999999999999999999", "the port must be from 1 to 65535"],
    ["unix:", "write the path of the socket"],
    ["tls+unix:", "write the path of the socket"],
    ["unix:@", "write the path of the socket"],
  ])("is refused with what to write: '%s'", (text, why) => {
    expect(() => parseTarget(text)).toThrow(`target '${text}': ${why}`);
  });
});

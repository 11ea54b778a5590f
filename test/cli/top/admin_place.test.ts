import { describe, expect, it } from "vitest";
import { adminPlaceOf } from "../../../src/cli/top/admin_place.ts";

describe("the place of an admin endpoint", () => {
  it.each([
    ["127.0.0.1:9090", { text: "127.0.0.1:9090", address: { host: "127.0.0.1", port: 9090 }, host: "127.0.0.1:9090" }],
    ["http://127.0.0.1:9090", { text: "127.0.0.1:9090" }],
    ["http://localhost:80/", { address: { host: "localhost", port: 80 }, host: "localhost:80" }],
    ["9090", { address: { host: "127.0.0.1", port: 9090 } }],
    ["[::1]:9", { text: "[::1]:9", address: { host: "::1", port: 9 }, host: "[::1]:9" }],
    ["unix:/run/x", { text: "unix:/run/x", address: { socketPath: "/run/x" }, host: "localhost" }],
  ])("is read from %s", (text, place) => {
    expect(adminPlaceOf(text)).toMatchObject(place);
  });

  it.each([
    ["", "write host:port, http://host:port, a port, or unix:/path"],
    ["localhost", "write host:port"],
    [":9090", "write host:port"],
    ["a b:9090", "write host:port"],
    ["http://x:1/path", "write host:port"],
    ["https://127.0.0.1:9090", "the admin endpoint speaks no TLS: write http://host:port"],
    ["x:0", "the port must be from 1 to 65535"],
    ["x:65536", "the port must be from 1 to 65535"],
    ["unix:", "write the path of the socket"],
    ["unix:@x", "write the path of the socket"],
  ])("is refused: '%s'", (text, why) => {
    expect(() => adminPlaceOf(text)).toThrow(`admin endpoint '${text}': ${why}`);
  });
});

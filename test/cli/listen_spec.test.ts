import { describe, expect, it } from "vitest";
import { parseListenSpec } from "../../src/cli/listen_spec.ts";

describe("a place to listen on", () => {
  it.each([
    ["tcp://127.0.0.1:8080", false, { kind: "tcp", hostname: "127.0.0.1", port: 8080 }],
    ["tcp://localhost:0/", false, { kind: "tcp", hostname: "localhost", port: 0 }],
    ["tls://[::]:8443", true, { kind: "tcp", hostname: "::", port: 8443 }],
    ["tls://[fe80::1%eth0]:1", true, { kind: "tcp", hostname: "fe80::1%eth0", port: 1 }],
    ["unix:/run/x.sock", false, { kind: "unix", path: "/run/x.sock" }],
    ["unix:///run/x.sock", false, { kind: "unix", path: "///run/x.sock" }],
    ["unix:x.sock", false, { kind: "unix", path: "x.sock" }],
    ["unix:/a:b", false, { kind: "unix", path: "/a:b" }],
    ["unix:@name", false, { kind: "unix", path: "\0name" }],
    ["fd:3", false, { kind: "fd", fd: 3 }],
    ["fd:0", false, { kind: "fd", fd: 0 }],
    ["systemd", false, { kind: "systemd" }],
    ["systemd:lines", false, { kind: "systemd", name: "lines" }],
    ["tls+unix:/x", true, { kind: "unix", path: "/x" }],
    ["tls+fd:4", true, { kind: "fd", fd: 4 }],
    ["tls+systemd:lines", true, { kind: "systemd", name: "lines" }],
  ])("is read from %s", (text, tls, place) => {
    expect(parseListenSpec(text)).toEqual({ text, tls, place });
  });

  it.each([
    ["", "write tcp://host:port, tls://host:port, unix:/path, unix:@name, fd:3 or systemd"],
    ["8080", "(did you mean tcp://127.0.0.1:8080?)"],
    [":8080", "(did you mean tcp://127.0.0.1:8080?)"],
    ["localhost:8080", "(did you mean tcp://localhost:8080?)"],
    ["[::1]:8080", "(did you mean tcp://[::1]:8080?)"],
    ["tpc://127.0.0.1:1", "(did you mean tcp?)"],
    ["/run/x.sock", /systemd$/],
    ["constructor:1", /systemd \(did you mean tcp:\/\/constructor:1\?\)$/],
    ["tcp:127.0.0.1:1", "write a host and a port, such as tcp://127.0.0.1:8080"],
    ["tcp://127.0.0.1", "write a host and a port"],
    ["tls://::1:8443", "write a host and a port, such as tcp://127.0.0.1:8080 or tls://[::1]:8443"],
    ["tcp://host:1/path", "write a host and a port"],
    ["tcp://user@host/:1", "write a host and a port"],
    ["tcp://:8080", "write a host before the port: 0.0.0.0 or [::] for all addresses"],
    ["tcp://a b:1", "write a name or a numeric address"],
    ["tcp://127.0.0.1:65536", "write a whole number from 0 to 65535"],
    ["unix:", "write a path, as in unix:/run/spillway.sock"],
    ["unix:@", "write a path"],
    ["unix:/a\0b", "write a path without NUL"],
    ["fd:", "write the number of an inherited descriptor, as in fd:3"],
    ["fd:-1", "write the number"],
    ["fd:2147483648", "write the number"],
  ])("is not read from %j", (text, message) => {
    expect(() => parseListenSpec(text)).toThrow(message);
  });
});

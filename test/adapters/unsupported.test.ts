// The refusals of each version: of the runtime that runs this, there is only one.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { refuseLocalAddress as onBun } from "../../src/adapters/bun/unsupported.ts";
import { refuseUnsupported as denoRefuses, refuseLocalAddress as onDeno } from "../../src/adapters/deno/unsupported.ts";
import { refuseUnsupported as nodeRefuses } from "../../src/adapters/node/unsupported.ts";

const runtime = vi.hoisted(() => ({ version: [26, 0], deno: false, bun: false, unstable: false }));

vi.mock("../../src/adapters/node/native.ts", () => ({
  versionNumbers: () => runtime.version,
  isDeno: () => runtime.deno,
  isBun: () => runtime.bun,
}));

vi.mock("../../src/adapters/deno/native.ts", () => ({ hasUnstableNet: () => runtime.unstable }));

beforeEach(() => {
  Object.assign(runtime, { version: [26, 0], deno: false, bun: false, unstable: false });
});

const refusal = expect.objectContaining({ name: "SpillwayError", code: "runtime-unsupported" });

describe("the Node transport", () => {
  it.each([
    [[20, 20], true],
    [[22, 11], true],
    [[22, 12], false],
    [[24, 0], false],
  ])("on Node %j refuses reusePort: %s", (version, refused) => {
    Object.assign(runtime, { version });
    const share = () => nodeRefuses({ reusePort: true });
    if (refused) expect(share).toThrow(refusal);
    else expect(share).not.toThrow();
    expect(() => nodeRefuses({ reusePort: false, ipv6Only: true, noDelay: false, path: "/run/a" })).not.toThrow();
  });

  it.each([
    [[20, 20], true],
    [[21, 0], false],
    [[26, 0], false],
  ])("on Node %j refuses abstract sockets: %s", (version, refused) => {
    Object.assign(runtime, { version });
    const open = () => nodeRefuses({ path: "\0echo" });
    if (refused) expect(open).toThrow(refusal);
    else expect(open).not.toThrow();
  });

  it("on Deno refuses ipv6Only, and on Bun noDelay: false, and says what to do", () => {
    Object.assign(runtime, { deno: true });
    expect(() => nodeRefuses({ ipv6Only: true })).toThrow(refusal);
    expect(() => nodeRefuses({ ipv6Only: true })).toThrow("listen on the IPv6 address itself");
    expect(() => nodeRefuses({ ipv6Only: false, noDelay: false })).not.toThrow();
    Object.assign(runtime, { deno: false, bun: true });
    expect(() => nodeRefuses({ noDelay: false })).toThrow(refusal);
    expect(() => nodeRefuses({ noDelay: false })).toThrow("spillway/bun");
    expect(() => nodeRefuses({ noDelay: true, ipv6Only: true })).not.toThrow();
  });
});

describe("the Deno transport", () => {
  it.each([
    [{ fd: 3 }, "spillway/node"],
    [{ ipv6Only: true }, "listen on the IPv6 address itself"],
    [{ keepAliveMs: 1_000 }, "silenceTimeoutMs"],
    [{ reusePort: true }, "--unstable-net"],
  ])("refuses %o, and says what to do", (options, message) => {
    expect(() => denoRefuses(options)).toThrow(refusal);
    expect(() => denoRefuses(options)).toThrow(message);
  });

  it("shares a port with --unstable-net, and takes all that is off", () => {
    expect(() => denoRefuses({ reusePort: false, ipv6Only: false })).not.toThrow();
    Object.assign(runtime, { unstable: true });
    expect(() => denoRefuses({ reusePort: true })).not.toThrow();
  });
});

describe("the transports of Deno and Bun", () => {
  it.each([
    ["Deno", onDeno],
    ["Bun", onBun],
  ])("on %s refuse to choose a local address", (_runtime, refuse) => {
    expect(() => refuse(undefined)).not.toThrow();
    expect(() => refuse("127.0.0.2")).toThrow(refusal);
  });
});

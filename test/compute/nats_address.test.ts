import { describe, expect, it } from "vitest";
import { natsAddress } from "../../src/compute/nats/nats_server.ts";

describe("the address of a NATS server", () => {
  it.each([
    [undefined, { servers: ["127.0.0.1:4222"] }],
    ["nats.example", { servers: ["nats.example"] }],
    ["nats://[::1]:4222", { servers: ["[::1]:4222"] }],
    ["tls://nats.example:4222/", { servers: ["nats.example:4222"], tls: {} }],
    ["nats://us:p%40ss@nats.example", { servers: ["nats.example"], user: "us", pass: "p@ss" }],
    ["nats://t0ken@nats.example", { servers: ["nats.example"], token: "t0ken" }],
    [["nats://a:1", "nats://us:pw@b:2"], { servers: ["a:1", "b:2"], user: "us", pass: "pw" }],
  ])("%j is taken apart for the package", (servers, taken) => {
    expect(natsAddress(servers === undefined ? {} : { servers })).toEqual(taken);
  });
});

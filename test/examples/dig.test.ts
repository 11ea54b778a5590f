// The DNS example, asked by dig.
import process from "node:process";
import { describe, expect, it, type TestContext } from "vitest";
import service from "../../examples/dns/service.ts";
import { serve } from "../../src/mod.ts";
import { RealProgram } from "../support/real_program.ts";

const dig = new RealProgram("dig", "bind9-dnsutils");

/** Returns the output of dig, and the number of connections that it made. */
async function ask(context: TestContext, ...args: string[]) {
  const server = await serve({ ...service, port: 0 });
  try {
    const { port } = server.address;
    const options = ["-r", "+tcp", "+tries=1", "+time=5", "-p", String(port), "@127.0.0.1"];
    const { code, stdout } = await dig.run(context, [...options, ...args]);
    expect(code, stdout).toBe(0);
    return { stdout, connections: server.stats().accepted };
  } finally {
    await server.shutdown();
  }
}

// macOS has an older one, without some of these options.
describe.skipIf(process.platform === "darwin")("dig", () => {
  it.for([
    ["example.test", "A", "192.0.2.1\n"],
    ["www.example.test", "A", "192.0.2.1\n192.0.2.2\n"],
    ["WWW.Example.Test", "AAAA", "2001:db8:0:1::80\n"],
    ["notes.example.test", "TXT", '"one text" "and another"\n'],
    ["notes.example.test", "A", ""],
    ["example.test", "ANY", '192.0.2.1\n2001:db8::1\n"v=spf1 -all"\n'],
  ] as const)("asks for %s %s and gets the record", async ([name, type, answers], context) => {
    expect((await ask(context, "+short", name, type)).stdout).toBe(answers);
  });

  it.for([
    [["example.test", "A"], "NOERROR", "qr aa rd"],
    [["+norecurse", "example.test", "MX"], "NOERROR", "qr aa"],
    [["nowhere.example.test", "A"], "NXDOMAIN", "qr aa rd"],
    [["example.org", "A"], "REFUSED", "qr rd"],
    [["version.bind", "TXT", "CH"], "NOTIMP", "qr rd"],
    [["+opcode=UPDATE", "example.test", "SOA"], "NOTIMP", "qr rd"],
    [["+noedns", "example.test", "A"], "NOERROR", "qr aa rd"],
    [["+dnssec", "+nsid", "example.test", "A"], "NOERROR", "qr aa rd"],
    [["+edns=9", "+noednsnegotiation", "example.test", "A"], "BADVERS", "qr rd"],
    [["+header-only", "example.test"], "FORMERR", "qr rd"],
  ] as const)("%j has the status %s", async ([args, status, flags], context) => {
    const { stdout } = await ask(context, "+noall", "+comments", ...args);
    expect(stdout).toMatch(new RegExp(`status: ${status}, id: \\d+\n;; flags: ${flags};`));
    expect(stdout).not.toContain("Warning");
  });

  it("several queries on one connection", async (context) => {
    const names = ["example.test", "nowhere.example.test", "notes.example.test", "www.example.test"];
    const { stdout, connections } = await ask(context, "+keepopen", "+noall", "+comments", ...names);
    expect(stdout.match(/status: \w+/g)).toEqual(
      ["NOERROR", "NXDOMAIN", "NOERROR", "NOERROR"].map((status) => `status: ${status}`),
    );
    expect(connections).toBe(1);
  });
});

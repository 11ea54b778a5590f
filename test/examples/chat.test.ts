// The chat example: what it says to whom, and what becomes of somebody who does not read.
import process from "node:process";
import { describe, expect, it } from "vitest";
import service from "../../examples/chat.ts";
import { LineConnection } from "../cli/support/line_connection.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import type { Peer } from "../core/support/peer.ts";
import type { Served } from "../core/support/served.ts";
import { serveByCli, serveInMemory } from "./support/served_example.ts";

/** Somebody in the chat, of whom one sees what is new. */
class Visitor {
  readonly peer: Peer;
  #seen = 0;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  /** The lines that came since the last look. */
  get news(): string[] {
    const { received } = this.peer;
    const fresh = received.slice(this.#seen);
    this.#seen = received.length;
    return fresh.split("\n").slice(0, -1);
  }

  /** Says it, and gives what is new to who said it. */
  async say(...lines: readonly string[]): Promise<string[]> {
    await this.peer.send(lines.map((line) => `${line}\n`).join(""));
    return this.news;
  }
}

/** One who comes in and takes a nickname; what was said until then is old. */
async function visit(harness: Served, nickname: string, others: readonly Visitor[] = []): Promise<Visitor> {
  const visitor = new Visitor(await harness.connect());
  await visitor.say(`/nick ${nickname}`);
  for (const other of others) void other.news;
  return visitor;
}

async function aliceAndBob() {
  const harness = await serveInMemory(service);
  const alice = await visit(harness, "alice");
  const bob = await visit(harness, "bob", [alice]);
  return { harness, alice, bob };
}

describe("chat", () => {
  it("greets a newcomer, and tells the others", async () => {
    const harness = await serveInMemory(service);
    const one = new Visitor(await harness.connect());
    expect(one.news).toEqual(["* welcome, guest#1; /help lists the commands; * in lobby: guest#1"]);
    const two = new Visitor(await harness.connect());
    expect(two.news).toEqual(["* welcome, guest#2; /help lists the commands; * in lobby: guest#1, guest#2"]);
    expect(one.news).toEqual(["* guest#2 has joined lobby"]);
  });

  it("brings what one says to all others in the room, in order", async () => {
    const { harness, alice, bob } = await aliceAndBob();
    const carol = await visit(harness, "carol", [alice, bob]);
    expect(await alice.say("hello", "how are you? ü")).toEqual([]);
    for (const other of [bob, carol]) expect(other.news).toEqual(["alice: hello", "alice: how are you? ü"]);
  });

  it("keeps rooms apart, and tells each of those that come and go", async () => {
    const { harness, alice, bob } = await aliceAndBob();
    expect(await alice.say("/join Tea")).toEqual(["* in tea: alice"]);
    expect(bob.news).toEqual(["* alice has left lobby for tea"]);
    expect(await alice.say("alone?")).toEqual([]);
    expect(bob.news).toEqual([]);
    expect(await bob.say("/join tea")).toEqual(["* in tea: alice, bob"]);
    expect(alice.news).toEqual(["* bob has joined tea"]);
    expect(await bob.say("/join TEA")).toEqual(["* you are in tea"]);
    expect(await bob.say("/leave", "anybody?", "/who", "/leave")).toEqual([
      "* you have left tea",
      "* nobody hears you: /join a room",
      "* you are in no room",
      "* you are in no room",
    ]);
    expect(alice.news).toEqual(["* bob has left tea"]);
    // One for each nickname, and the room that alice is in.
    expect(harness.server.stats().groups).toBe(3);
  });

  it("has each nickname once, whatever its capitals, and frees it with its owner's end", async () => {
    const { alice, bob, harness } = await aliceAndBob();
    expect(await bob.say("/nick ALICE")).toEqual(["* ALICE is taken"]);
    expect(await alice.say("/nick Alice")).toEqual(["* you are now Alice"]);
    expect(bob.news).toEqual(["* alice is now Alice"]);
    await alice.peer.finish();
    expect(bob.news).toEqual(["* Alice has left lobby"]);
    expect(await bob.say("/nick alice", "hello")).toEqual(["* you are now alice"]);
    const carol = await visit(harness, "bob", [bob]);
    expect(await carol.say("/who")).toEqual(["* in lobby: alice, bob"]);
  });

  it("tells one alone", async () => {
    const { harness, alice, bob } = await aliceAndBob();
    const carol = await visit(harness, "carol", [alice, bob]);
    await bob.say("/join tea");
    expect(await alice.say("/tell BOB  a secret")).toEqual(["* bob has left lobby for tea", "* told BOB"]);
    expect(bob.news).toEqual(["alice, to you: a secret"]);
    expect(carol.news).toEqual(["* bob has left lobby for tea"]);
    expect(await alice.say("/tell dave hello", "/tell bob")).toEqual(["* dave is not here", "* /tell NAME TEXT"]);
  });

  it("lets a guest that quits go, with a last word, even while their side stays open", async () => {
    const { harness, bob } = await aliceAndBob();
    const carol = new Visitor(await harness.connect({ finishes: false }));
    void bob.news;
    expect((await carol.say("/quit so long", "and more")).at(-1)).toBe("* goodbye");
    expect(carol.peer.ended).toBe(true);
    expect(bob.news).toEqual(["* guest#3 has left lobby: so long"]);
    await carol.peer.finish();
    expect([harness.reasons, bob.news]).toEqual([["handler-closed"], []]);
  });

  it("says of guests that it lost that they were lost", async () => {
    const { alice, bob } = await aliceAndBob();
    await alice.peer.reset();
    expect(bob.news).toEqual(["* alice has left lobby (connection-reset)"]);
  });

  it("does not take silence for absence before an hour", async () => {
    const { harness, bob } = await aliceAndBob();
    await harness.clock.advance(3_599_999);
    expect(harness.reasons).toEqual([]);
    await bob.say("");
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["idle-timeout"]);
    expect(bob.news).toEqual(["* alice has left lobby (idle-timeout)"]);
  });

  it("says goodbye at a drain, and nothing behind it", async () => {
    const { harness, alice, bob } = await aliceAndBob();
    expect(await harness.server.shutdown()).toEqual({ drained: 2, aborted: 0 });
    for (const other of [alice, bob]) expect(other.news).toEqual(["* the server is going down, goodbye"]);
  });
});

describe("chat: what is not right", () => {
  const nameRule = "1 to 16 letters, digits, - or _, a letter first";
  it.each([
    ["/", ["* there is no /; /help lists the commands"]],
    ["/foo bar", ["* there is no /foo; /help lists the commands"]],
    ["/constructor", ["* there is no /constructor; /help lists the commands"]],
    ["/nick", [`* /nick NAME: ${nameRule}`]],
    ["/nick two words", [`* /nick NAME: ${nameRule}`]],
    ["/nick guest#9", [`* /nick NAME: ${nameRule}`]],
    ["/nick 1st", [`* /nick NAME: ${nameRule}`]],
    ["/nick älice", [`* /nick NAME: ${nameRule}`]],
    [`/nick ${"a".repeat(17)}`, [`* /nick NAME: ${nameRule}`]],
    [`/nick ${"a".repeat(16)}`, [`* you are now ${"a".repeat(16)}`]],
    ["/nick bob", ["* bob is taken"]],
    ["/join", [`* /join ROOM: ${nameRule}`]],
    [`/join ${"a".repeat(17)}`, [`* /join ROOM: ${nameRule}`]],
    ["/WHO", ["* in lobby: alice, bob"]],
    ["", []],
    ["  \t", []],
    ["x".repeat(501), ["* too long: 500 characters are the most"]],
    [`/${"x".repeat(501)}`, ["* too long: 500 characters are the most"]],
  ])("%j is answered with %j, and heard by nobody else", async (line, replies) => {
    const { alice, bob } = await aliceAndBob();
    expect(await alice.say(line)).toEqual(replies);
    expect(bob.news.filter((news) => !news.startsWith("* "))).toEqual([]);
  });

  it("control characters reach nobody", async () => {
    const { alice, bob } = await aliceAndBob();
    await alice.say("\u001b[2Jboo\r\u0007!\u0085");
    expect(bob.news).toEqual(["alice: [2Jboo  !"]);
  });

  it("a line beyond all measure ends the connection, and nobody else's", async () => {
    const { alice, bob } = await aliceAndBob();
    expect(await alice.say("x".repeat(4_001))).toEqual(["error: frame-too-large"]);
    expect(bob.news).toEqual(["* alice has left lobby (frame-too-large)"]);
  });

  it("a room of many is told by its first names", async () => {
    const harness = await serveInMemory(service);
    for (let count = 1; count < 25; count++) await harness.connect();
    const last = new Visitor(await harness.connect());
    expect(last.news).toEqual([expect.stringMatching(/in lobby: guest#1, .*, guest#20 and 5 more$/)]);
  });
});

const LINE = "x".repeat(499);

describe("chat: somebody who does not read", () => {
  it("is dropped when too much waits; the others hear all, and that", async () => {
    const harness = await serveInMemory(service, { maxLinkBytes: 1_024 });
    const alice = await visit(harness, "alice");
    const bob = await visit(harness, "bob", [alice]);
    const sloth = await harness.connect({ reads: false });
    void alice.news;
    void bob.news;
    const heard: string[] = [];
    let said = 0;
    while (harness.reasons.length === 0 && said < 1_000) {
      await alice.say(LINE);
      said += 1;
      heard.push(...bob.news);
    }
    // 64 KiB of ours, and what two ends of a connection hold.
    expect(said).toBeGreaterThan(65_536 / 512);
    expect(said).toBeLessThan(70_000 / 507);
    expect(harness.of("slow-consumer")).toMatchObject([{ policy: "reset", connection: { id: 3 } }]);
    expect(harness.reasons).toEqual(["slow-consumer"]);
    expect(heard).toEqual([...Array<string>(said).fill(`alice: ${LINE}`), "* guest#3 has left lobby (slow-consumer)"]);
    expect(await alice.say("/who")).toEqual(["* in lobby: alice, bob"]);
    await sloth.read();
    expect(sloth.error?.code).toBe("connection-reset");
  });
});

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("chat, from the command line", () => {
  it("brings lines from one to the others, and drops a guest that does not read", async () => {
    const { cli, port } = await serveByCli("chat");
    const alice = new LineConnection(port);
    await alice.line();
    alice.send("/nick alice\n");
    expect(await alice.line()).toBe("* you are now alice");
    const bob = new LineConnection(port);
    expect(await bob.line()).toMatch(/^\* welcome, guest#2; .*: alice, guest#2$/);
    await dialNet({ hostname: "127.0.0.1", port }, { stalled: true });
    expect(await bob.line()).toBe("* guest#3 has joined lobby");
    let line = `alice: ${LINE}`;
    // A few lines at a time: bob reads them before the next come, and is not slow himself. 25 MB are too much for any kernel.
    for (let round = 0; round < 1_000 && line === `alice: ${LINE}`; round++) {
      alice.send(`${LINE}\n`.repeat(50));
      for (let count = 0; count < 50 && line === `alice: ${LINE}`; count++) line = await bob.line();
    }
    expect(line).toBe("* guest#3 has left lobby (slow-consumer)");
    const rambler = new LineConnection(port);
    rambler.send(`${"x".repeat(4_001)}\n`);
    expect(await rambler.rest()).toMatch(/\nerror: frame-too-large\n$/);
    cli.signal("SIGTERM");
    expect(await alice.rest()).toMatch(/\* the server is going down, goodbye\n$/);
    bob.finish();
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { transport as native } from "../../src/mod.ts";
import { carrierConformance } from "./suite.ts";
import { dialNet } from "./support/net_client.ts";
import { UnixNetwork } from "./support/unix_network.ts";

const NO_NAME = "a path is neither a name nor a numeric address";
const NO_PORT = "the clients of a Unix socket have no port";
const NO_RESET = "a Unix socket has no reset";
const NO_ROOM = "Bun's backlog is 512, and a connection to a Unix socket whose backlog is full is refused";

/** The differences from TCP on every runtime. */
const FAULTS: Record<string, string> = {
  "know where they were accepted, whatever other listeners there are": NO_NAME,
  "know an IPv4 peer by its plain address on a listener that takes IPv6 too": NO_NAME,
  "that are made to an IPv4 address in IPv6 spelling know the plain one": NO_NAME,
  "carry bytes both ways, know both addresses, and end when both directions have": NO_PORT,
  "are not made to a name that does not resolve": NO_NAME,
  "fails on a name that does not resolve": NO_NAME,
  "fails on an address that is not this machine's": NO_NAME,
  "learn where the connection comes from": NO_PORT,
  "name the connection and the place in the handler that threw": NO_PORT,
  "is an entry of server.sessions, by which it can be found and ended": NO_PORT,
  "goes on with the next of several hosts when one is gone": NO_PORT,
  "connects from the address that it is told to, or says that the runtime cannot": NO_NAME,
  "says where it could not connect to, and why": NO_NAME,
  "send a reset at abort()": NO_RESET,
  "session.abort() is a reset for the peer": NO_RESET,
  "a quiet connection may be reset": NO_RESET,
  "that refuse reset the connection": NO_RESET,
  "end with the peer, at FIN or a reset within the head": NO_RESET,
  "a reset in the middle of a frame ends that connection": NO_RESET,
  "ends with the reason that onDisconnect is told, once, which a drain waits for": NO_RESET,
  "stopAccepting() refuses newcomers and goes on serving, until the drain":
    "whoever comes finds no file, not a refusal",
};

const UNSEEN = "a peer that is gone is seen at the next write";

/** Further differences, by the first word of the transport's name. */
const OF_RUNTIME: Record<string, Record<string, string>> = {
  node: {
    "are told when their connection is reset while they compute": UNSEEN,
    "stop when the client leaves while they wait": UNSEEN,
  },
  deno: {
    "are told when their connection is reset while they compute": UNSEEN,
    "stop when the client leaves while they wait": UNSEEN,
  },
  bun: {
    "one slow reader among 1,000 delays nobody, and costs at most maxOutboundBytes": NO_ROOM,
    "closes 1,000 idle connections at once": NO_ROOM,
  },
};

const directory = mkdtempSync(path.join(os.tmpdir(), "unix-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const transport = new UnixNetwork(native, directory);
const [runtime = ""] = native.name.split(" ");

carrierConformance({
  name: "Unix sockets",
  transport,
  dial: (address, options) => dialNet(transport.addressOf(address), options),
  faults: { ...FAULTS, ...OF_RUNTIME[runtime] },
});

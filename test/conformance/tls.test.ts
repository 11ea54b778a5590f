import { transport as node } from "../../src/adapters/node/mod.ts";
import { transport as native } from "../../src/mod.ts";
import { carrierConformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";
import { TlsNetwork } from "./support/tls_network.ts";

const NO_RESET = "Deno.Conn has no way to send RST";
const LATE_CLOSE = "a Deno.Listener that is being asked goes on listening for a turn";
const HIDDEN_RESET = "node:tls may report a reset that meets its own FIN as FIN";

/** The known faults of Deno's own listener. */
const DENO_FAULTS = {
  "session.abort() is a reset for the peer": NO_RESET,
  "that refuse reset the connection": NO_RESET,
  "are refused where nothing listens": LATE_CLOSE,
  "leave the signal alone, and are left alone by it, once they are made or have failed": LATE_CLOSE,
  "end the iteration of a listener that finishes while it waits, where one can": LATE_CLOSE,
};

const [runtime = ""] = native.name.split(" ");

for (const [name, sockets] of [
  ["TLS over sockets of the runtime", true],
  ["TLS over connections", false],
] as const) {
  const network = new TlsNetwork(native, node, sockets);
  carrierConformance({
    name,
    transport: network,
    dial: (address, options) => dialConnection(network, address, options),
    faults: runtime === "deno" && !sockets ? DENO_FAULTS : {},
    // Decided by chance.
    ...(runtime === "node" && {
      unreliable: { cases: /^that are closed after the peer has reset say/, reason: HIDDEN_RESET },
    }),
  });
}

import { transport } from "../../src/mod.ts";
import { conformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";
import { TlsNetwork } from "./support/tls_network.ts";

const NO_RESET = "Deno.Conn has no way to send RST";

/** What a runtime is known to do wrong, by the first word of its transport's name. */
const FAULTS: Record<string, Record<string, string>> = {
  node: {},
  deno: {
    "send a reset at abort()": NO_RESET,
    "session.abort() is a reset for the peer": NO_RESET,
    "that are closed after the peer has reset say that it has": NO_RESET,
    "a reset in the middle of a frame ends that connection": NO_RESET,
  },
  bun: {},
};

const network = new TlsNetwork(transport);
const [runtime = ""] = transport.name.split(" ");

conformance({
  name: "TLS over the runtime",
  transport: network,
  dial: (address, options) => dialConnection(network, address, options),
  faults: FAULTS[runtime] ?? {},
});

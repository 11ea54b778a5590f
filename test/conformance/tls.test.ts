import { transport } from "../../src/mod.ts";
import { conformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";
import { TlsNetwork } from "./support/tls_network.ts";

const network = new TlsNetwork(transport);

conformance({
  name: "TLS over the runtime",
  transport: network,
  dial: (address, options) => dialConnection(network, address, options),
  faults: {},
});

import { transport as node } from "../../src/adapters/node/mod.ts";
import { transport as native } from "../../src/mod.ts";
import { carrierConformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";
import { TlsNetwork } from "./support/tls_network.ts";

const HIDDEN_RESET = "node:tls may report a reset that meets its own FIN as FIN";

/** What a runtime is known to do wrong, by the first word of its transport's name. */
const FAULTS: Record<string, Record<string, string>> = {
  node: {},
  deno: {},
  bun: {},
};

/** The cases that are decided by chance, by the first word of the transport's name. */
const UNRELIABLE: Record<string, { readonly cases: RegExp; readonly reason: string }> = {
  node: { cases: /^that are closed after the peer has reset say/, reason: HIDDEN_RESET },
};

const network = new TlsNetwork(native, node);
const [runtime = ""] = native.name.split(" ");

carrierConformance({
  name: "TLS over the runtime",
  transport: network,
  dial: (address, options) => dialConnection(network, address, options),
  faults: FAULTS[runtime] ?? {},
  ...(UNRELIABLE[runtime] !== undefined && { unreliable: UNRELIABLE[runtime] }),
});

import { conformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";
import { StreamNetwork } from "./support/stream_network.ts";

const transport = new StreamNetwork();

conformance({
  name: "pairs of streams",
  transport,
  dial: (address, options) => dialConnection(transport, address, options),
  faults: {},
});

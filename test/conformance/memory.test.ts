import { memoryTransport } from "../../src/testing/mod.ts";
import { conformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";

const transport = memoryTransport();

conformance({
  name: "memory",
  transport,
  dial: (address, options) => dialConnection(transport, address, options),
  faults: {},
});

import { memoryTransport } from "../../src/testing/mod.ts";
import { dialConnection } from "./connection_client.ts";
import { conformance } from "./suite.ts";

const transport = memoryTransport();

conformance({
  name: "memory",
  transport,
  dial: (address, options) => dialConnection(transport, address, options),
  faults: {},
});

import { transport } from "../../src/mod.ts";
import { conformance } from "./suite.ts";
import { dialNet } from "./support/net_client.ts";

/** The known faults of a runtime, by the first word of its transport's name. */
const FAULTS: Record<string, Record<string, string>> = {
  node: {},
  deno: {
    "send a reset at abort()": "Deno.Conn has no way to send RST",
    "session.abort() is a reset for the peer": "Deno.Conn has no way to send RST",
    "that refuse reset the connection": "Deno.Conn has no way to send RST",
    "that are closed after the peer has reset say that it has": "Deno.Conn sends FIN before the kernel sends RST",
  },
  bun: {},
};

const native = transport;
const [runtime = ""] = native.name.split(" ");

// The name is the same on every runtime, so that their reports can be compared.
conformance({ name: "the runtime", transport: native, dial: dialNet, faults: FAULTS[runtime] ?? {} });

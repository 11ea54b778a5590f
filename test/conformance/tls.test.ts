import { transport as node } from "../../src/adapters/node/mod.ts";
import { transport as native } from "../../src/mod.ts";
import { carrierConformance } from "./suite.ts";
import { dialConnection } from "./support/connection_client.ts";
import { TlsNetwork } from "./support/tls_network.ts";

/**
 * Bun answers close_notify with its own, and sends no more: cases whose client ends before it has its replies. And its
 * `node:net`, on which the clients are, reads on when it is paused.
 */
const HALF_CLOSES = new RegExp(
  `^(${[
    "give every row|echo frames as|every member gets|onEnd |an upgrade has|arrive in full|closeWrite |after closeWrite",
    "carry bytes both ways|that are made can be written to behind|drop, after close|many lines in one segment",
    "with skip, exactly|with truncate, the beginning|a frame that the end cuts off|an unterminated last line",
    "bytes go through unchanged|may answer at once, later|text and binary in one|cut in two anywhere",
    "that takes a while: what follows|ends with the frame that the end|to a slow reader lose|a reply follows the peer",
    "16 MB follow the peer|a reset in the middle of a reply|when more waits than the whole server",
    "a client that does not answer FIN|a quiet connection may say its last word|takes no notice of what comes later",
    "follow the client's FIN to their end|one slow reader among|leave all that comes with the head",
    "leave the peer's FIN behind the head|that take time behind a head|may give a connection another address",
  ].join("|")})`,
);

const NO_RESET = "Deno.Conn has no way to send RST";
const LATE_CLOSE = "a Deno.Listener that is being asked goes on listening for a turn";
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
  bun: { cases: HALF_CLOSES, reason: "Bun sends no more after close_notify" },
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
